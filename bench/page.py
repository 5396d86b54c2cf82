"""page.py RESULTS BENCH TEMPLATE FOLDER - writes FOLDER/performance.md and its plots of what bench/report.sh measured.

TEMPLATE is the page with the text that people write.  A line "@name" alone stands for what the function made("name")
below returns; @{table/row/column} in a line for one figure.  What was not measured is said so, never left out.
"""
import os
import re
import sys

import plot

QUERIES = ["last", "hour", "dump", "avg-5m", "max-1h", "max-1d", "list"]
MADE = {}


def made(name):
    def keep(function):
        MADE[name] = function
        return function
    return keep


class Results:
    """figures[table][row][column], in the order of the files; a part's machine is in the table of the same name."""

    def __init__(self, folder, bench):
        self.figures, self.machines, self.bench = {}, {}, bench
        for name in ("sizes", "generated", "queries", "threads", "codec", "limits", "growth", "peers"):
            path = os.path.join(folder, name + ".tsv")
            if os.path.exists(path):
                self.read(path, name)

    def read(self, path, part):
        with open(path, encoding="utf-8") as lines:
            for words in (line.rstrip("\n").split("\t") for line in lines):
                table, row, column, value = words
                if table == "machine":
                    self.machines.setdefault(part, {})[row] = value
                else:
                    self.figures.setdefault(table, {}).setdefault(row, {})[column] = value

    def rows(self, table):
        return {row: columns for row, columns in self.figures.get(table, {}).items() if "skipped" not in columns}

    def skipped(self, table):
        return {row: columns["skipped"] for row, columns in self.figures.get(table, {}).items()
                if "skipped" in columns}

    def get(self, table, row, column):
        """A figure, or None."""
        try:
            return float(self.figures[table][row][column])
        except (KeyError, ValueError):
            return None

    def best_peers(self):
        with open(os.path.join(self.bench, "best-peers.tsv"), encoding="utf-8") as lines:
            return {words[0]: (words[1], float(words[2]))
                    for words in (line.rstrip("\n").split("\t") for line in lines) if not words[0].startswith("#")}


def show(value, digits=3):
    """Three digits of a figure that was measured; a difference below what can be measured is 0."""
    if value is None:
        return "-"
    if value == 0 or abs(value) < 0.0005:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.{digits}g}"


def fixed(value, places=3):
    return "-" if value is None else f"{value:.{places}f}"


def table(heads, rows):
    """Markdown; the first column is text, the others numbers."""
    lines = ["| " + " | ".join(heads) + " |", "|---|" + "--:|" * (len(heads) - 1)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows])


def ratio(a, b):
    return None if a is None or b is None or b <= 0 else a / b


def total(*values):
    return None if None in values else sum(values)


def mean(values):
    values = [value for value in values if value is not None]
    return sum(values) / len(values) if values else None


def levels(results, name):
    some = next(iter(results.rows(name).values()), {})
    return [level for level in ("default", "max", "fast") if level in some]


@made("sizes")
def sizes(results):
    if not results.rows("sizes"):
        return "Not measured: " + results.skipped("sizes").get("", "part `sizes` did not run") + "."
    peers, names = results.best_peers(), levels(results, "sizes")
    rows, sets = [], results.rows("sizes")
    for name in sets:
        peer, best = peers.get(name, ("-", None))
        times = ratio(results.get("sizes", name, "default"), best)
        mark = " **over 1.05**" if times is not None and times > 1.05 else ""
        rows.append([name] + [f"{results.get('sizes', name, column):,.0f}" for column in ("points", "series")]
                    + [fixed(results.get("sizes", name, level)) for level in names]
                    + [peer, fixed(best), fixed(times, 2) + mark])
    rows.append(["**mean**", f"{sum(results.get('sizes', n, 'points') for n in sets):,.0f}",
                 f"{sum(results.get('sizes', n, 'series') for n in sets):,.0f}"]
                + ["**" + fixed(mean([results.get("sizes", n, level) for n in sets])) + "**" for level in names]
                + ["", fixed(mean([peers[n][1] for n in sets if n in peers])), ""])
    return table(["set", "points", "series"] + names + ["best lossless peer", "its", "ratio"], rows)


@made("generated")
def generated(results):
    names = levels(results, "generated")
    return table(["shape", "series", "points", "text"] + names,
                 [[row, f"{results.get('generated', row, 'series'):,.0f}",
                   f"{results.get('generated', row, 'points'):,.0f}", show(results.get("generated", row, "text"))]
                  + [fixed(results.get("generated", row, level)) for level in names]
                  for row in sorted(results.rows("generated"))])


@made("ingest")
def ingest(results):
    rows = []
    for name in ("a", "b"):
        def get(column, row=name):
            return results.get("generated", row, column)

        wc = get("wc:cpu")
        for label, column in (("count-ingest, pipe to durable log", "ingest"),
                              ("count-ingest --dry-run: parsing and look-up", "dry-run"),
                              ("count-ingest of a file, by all cores", "jobs"), ("count-flush", "flush"),
                              ("count-flush --level fast", "flush-fast"), ("count-flush --level max", "flush-max")):
            cpu = get(column + ":cpu")
            if cpu is not None:
                rows.append([f"{name}: {label}", fixed(cpu, 4), fixed(get(column + ":wall"), 4),
                             show(get(column + ":rss")), show(ratio(cpu, wc))])
        both, fast = (total(get("ingest:cpu"), get(flush)) for flush in ("flush:cpu", "flush-fast:cpu"))
        rows.append([f"**{name}: ingest, flush and compaction**", f"**{fixed(both, 4)}**", "", "",
                     show(ratio(both, wc))])
        if fast is not None:
            rows.append([f"{name}: the same at level fast", fixed(fast, 4), "", "", show(ratio(fast, wc))])
        rows.append([f"{name}: wc -l of the same pipe", fixed(wc, 4), fixed(get("wc:wall"), 4), show(get("wc:rss")),
                     "1"])
    return table(["", "processor us/point", "elapsed us/point", "peak MiB", "times wc -l"], rows)


@made("queries")
def queries(results):
    rows = []
    for name in results.rows("queries"):
        def cell(query, row=name):
            wall, cpu = (results.get("queries", row, f"{query}:{what}") for what in ("wall", "cpu"))
            return "-" if wall is None else f"{fixed(wall, 2)} ({fixed(cpu, 2)})"
        rows.append([name] + [cell(query) for query in ["start"] + QUERIES])
        if results.get("queries", name, "max-1h, all cores:wall") is not None:
            rows.append([name + ", all cores"] + ["-"] * 5 + [cell("max-1h, all cores"), "-", "-"])
    return table(["data", "start"] + QUERIES, rows)


@made("dumps")
def dumps(results):
    rows = [[f"{name}: {label}"] + [fixed(results.get("queries", name, f"{column}:{what}"), places)
                                    for what, places in (("cpu", 4), ("wall", 4), ("rss", 0))]
            for name in ("a", "b") for column, label in (("text", "text"), ("csv", "CSV"), ("ndjson", "NDJSON"))]
    for name in ("a", "b"):
        points = results.get("generated", name, "points")
        cpu, wall = (results.get("queries", name, f"scan:{what}") for what in ("cpu", "wall"))
        if points and cpu:
            rows.append([f"{name}: sum in steps of 10,000 s, all pages decoded", fixed(cpu * 1e3 / points, 4),
                         fixed(wall * 1e3 / points, 4), fixed(results.get("queries", name, "scan:rss"), 0)])
    return table(["", "processor us/point", "elapsed us/point", "peak MiB"], rows)


@made("threads")
def threads(results):
    rows = []
    if not results.rows("threads"):
        return "Not measured: part `threads` did not run."
    for name in results.rows("threads"):
        one, two, cpu_one, cpu_two = (results.get("threads", name, f"{jobs}:{what}")
                                      for what in ("wall", "cpu") for jobs in (1, 2))
        rows.append([name, fixed(one, 5), fixed(two, 5), show(ratio(one, two)), fixed(cpu_one, 5), fixed(cpu_two, 5),
                     show(ratio(cpu_two, cpu_one))])
    return table(["", "elapsed us/point, 1 thread", "2 threads", "times faster", "processor us/point, 1 thread",
                  "2 threads", "ratio"], rows)


@made("levels")
def by_level(results):
    """What reads all of (a) on one core, with the kernels of each level."""
    rows = []
    for name in results.rows("levels"):
        points, scan, text = (results.get("levels", name, what) for what in ("points", "scan:cpu", "text:cpu"))
        speed = None if not scan else points / scan / 1e6
        rows.append([name, "-" if not scan else fixed(scan * 1e6 / points, 3), fixed(speed, 2),
                     "-" if text is None else fixed(text * 1e3, 1)])
    return table(["kernels", "sum, ns/point", "sum, G points/s", "text dump, ns/point"], rows) if rows else \
        "not measured"


@made("codec")
def codec(results):
    lines = [columns["line"] for _, columns in sorted(results.rows("codec").items())]
    return "```\n" + "\n".join(lines or ["not measured"]) + "\n```"


@made("limits")
def limits(results):
    rows = []
    for name, columns in results.rows("limits").items():
        if "value" in columns:
            unit = " ms" if "fsync" in name else " GB/s"
            rows.append([name, columns["value"] + unit, ""])
        elif name == "an empty C program":
            rows.append([name + ", spawn to exit", columns["wall"] + " ms", ""])
        else:
            cpu = results.get("limits", name, "cpu")
            speed = ratio(results.get("generated", "a", "text"), cpu)
            rows.append([name, fixed(cpu, 4) + " us a line", "" if speed is None else show(speed / 1e3) + " GB/s"])
    return table(["", "figure", "of text"], rows)


@made("distance")
def distance(results):
    """Our paths beside the cheapest thing that touches the same bytes."""
    def us(name, column="cpu"):
        return results.get("limits", name, column)

    points = results.get("generated", "a", "points") or 1
    memory = results.get("limits", "memcpy, memory", "value")
    scan = results.get("queries", "a", "scan:cpu")
    scan = None if scan is None else scan * 1e3 / points
    start = results.get("queries", "a", "last:wall")
    empty = results.get("limits", "an empty C program", "wall")
    rows = [("ingest of (a) from a pipe", results.get("generated", "a", "ingest:cpu"), "wc -l of the same pipe",
             results.get("generated", "a", "wc:cpu")),
            ("ingest and flush of (a)", total(results.get("generated", "a", "ingest:cpu"),
                                              results.get("generated", "a", "flush:cpu")),
             "zstd -3 of the lines", us("zstd -3 of the lines")),
            ("flush of (a)", results.get("generated", "a", "flush:cpu"), "memcpy of 16 bytes a point",
             None if not memory else 16 / memory / 1e3),
            ("text dump of (a)", results.get("queries", "a", "text:cpu"), "cat of the lines through a pipe",
             us("cat of the lines, through a pipe")),
            ("text dump of (a)", results.get("queries", "a", "text:cpu"), "zstd -d of the lines",
             us("zstd -d of them")),
            ("sum of all points of (a), decoded", scan, "memcpy of 16 bytes a point",
             None if not memory else 16 / memory / 1e3)]
    cells = [[a, fixed(x, 4) + " us", b, fixed(y, 4) + " us", show(ratio(x, y))] for a, x, b, y in rows]
    cells.append(["last value, a whole process", fixed(total(start, empty), 2) + " ms", "an empty C program",
                  fixed(empty, 2) + " ms", show(ratio(total(start, empty), empty))])
    return table(["path", "it takes", "beside", "that takes", "times"], cells)


def codec_speed(results, name, level, column):
    """M points/s of bench-codec's row: after the name three groups (max, default, fast) of four figures."""
    for columns in results.rows("codec").values():
        words = [group.split() for group in columns["line"].split("|")]
        if len(words) == 4 and words[0] == [name]:
            try:
                return float(words[("max", "default", "fast").index(level) + 1][("encode", "decode").index(column) + 2])
            except (IndexError, ValueError):
                return None
    return None


@made("targets")
def targets(results):
    def get(*path):
        return results.get(*path)

    def sized(level):
        return mean([get("sizes", name, level) for name in results.rows("sizes")])

    points = get("generated", "a", "points") or 1
    scan = get("queries", "a", "scan:cpu")
    both = [total(get("generated", name, "ingest:cpu"), get("generated", name, "flush:cpu")) for name in ("a", "b")]
    memory = [get("generated", name, f"{what}:rss") for name in ("a", "b") for what in ("ingest", "flush")]
    rows = [("open sets, mean bytes/point", 1.86, sized("default")),
            ("the same, `--level max`", 1.81, sized("max")),
            ("(a), bytes/point", 1.25, get("generated", "a", "default")),
            ("(a), one scrape of a host in ten a second late", 1.30, get("generated", "a, late scrapes", "default")),
            ("(b), bytes/point", 1.9, get("generated", "b", "default")),
            ("(a), ingest, processor us/point", 0.06, get("generated", "a", "ingest:cpu")),
            ("(a), ingest + flush + compaction, us/point", 0.11, both[0]),
            ("(b), ingest + flush + compaction, us/point", 0.2, both[1]),
            ("peak memory of ingest or flush, MiB", 320, None if None in memory else max(memory)),
            ("(a), encode at the default level, M points/s", -40,
             codec_speed(results, "generated-a", "default", "encode")),
            ("(a), encode at level fast, M points/s", -120, codec_speed(results, "generated-a", "fast", "encode")),
            ("(a), decode of packed pages, M points/s", -1200, codec_speed(results, "generated-a", "fast", "decode")),
            ("open sets, decode of token-coded pages, mean, M points/s", -250,
             codec_speed(results, "mean", "max", "decode")),
            ("(a), count-query, decode and sum, M points/s", -1000, ratio(points, scan and scan * 1e3)),
            ("(a), text dump, us/point", 0.05, get("queries", "a", "text:cpu")),
            ("(a), CSV, us/point", 0.07, get("queries", "a", "csv:cpu")),
            ("(a), NDJSON, us/point", 0.07, get("queries", "a", "ndjson:cpu")),
            ("(a), last value, ms above an empty program", 0.5, get("queries", "a", "last:wall")),
            ("(a), one hour, ms", 0.5, get("queries", "a", "hour:wall")),
            ("(a), dump of 10,000 points, ms", 1.5, get("queries", "a", "dump:wall")),
            ("(a), avg in 5 min of one series, ms", 1.0, get("queries", "a", "avg-5m:wall")),
            ("(a), max in 1 h of 1,000 series, processor ms", 25, get("queries", "a", "max-1h:cpu")),
            ("(a), max in 1 d of 1,000 series, processor ms", 3, get("queries", "a", "max-1d:cpu")),
            ("(b), last value, ms", 0.5, get("queries", "b", "last:wall")),
            ("(b), list of 100,000 names, ms", 10, get("queries", "b", "list:wall"))]

    def verdict(goal, value):
        if value is None:
            return "not measured"
        return "yes" if (value >= -goal if goal < 0 else value <= goal) else "**no**"
    return table(["", "target", "measured", "met"],
                 [[name, ("at least " if goal < 0 else "at most ") + show(abs(goal)), show(value), verdict(goal, value)]
                  for name, goal, value in rows])


@made("exceptions")
def exceptions(results):
    peers = results.best_peers()
    over = [(name, ratio(results.get("sizes", name, "default"), peers[name][1]))
            for name in results.rows("sizes") if name in peers]
    over = [f"{name} ({times:.2f})" for name, times in over if times is not None and times > 1.05]
    return ("Sets over 1.05 times the best peer: " + ", ".join(over) + ".") if over else \
        "No set is over 1.05 times its best peer." if results.rows("sizes") else ""


def storage(results, name):
    rows = []
    for peer in results.rows(name):
        def get(column, row=peer):
            return results.get(name, row, column)
        after = get("after:cpu")
        both = total(get("ingest:cpu"), after or 0.0)
        ours = total(results.get(name, "count", "ingest:cpu"), results.get(name, "count", "after:cpu") or 0.0)
        rss = [value for value in (get("ingest:rss"), get("after:rss")) if value is not None]
        rows.append([peer, fixed(get("ingest:cpu")), "-" if after is None else fixed(after), fixed(get("ingest:wall")),
                     show(max(rss) if rss else None), fixed(get("bytes"), 2), show(ratio(both, ours)),
                     show(ratio(get("bytes"), results.get(name, "count", "bytes")))])
    return table(["", "ingest CPU us/pt", "flush, merge CPU us/pt", "ingest elapsed us/pt", "peak MiB", "bytes/pt",
                  "CPU, times ours", "bytes, times ours"], rows)


def asked(results, name):
    rows = []
    for peer in results.rows(name):
        def cell(query, row=peer):
            wall, cpu = (results.get(name, row, f"{query}:{what}") for what in ("wall", "cpu"))
            return "-" if wall is None else f"{show(wall)} ({show(cpu)})"
        rows.append([peer] + [cell(query) for query in ["start"] + QUERIES])
    return table(["", "start"] + QUERIES, rows)


def skipped(results, name):
    return "".join(f"\n\nSkipped: {row}: {why}." for row, why in results.skipped(name).items())


@made("peers-a")
def peers_a(results):
    return storage(results, "peers-a") + skipped(results, "peers-a")


@made("peers-b")
def peers_b(results):
    return storage(results, "peers-b") + skipped(results, "peers-b")


@made("asked-a")
def asked_a(results):
    return asked(results, "peers-a")


@made("asked-b")
def asked_b(results):
    return asked(results, "peers-b")


@made("machine")
def machine(results):
    every = {}
    for part in results.machines.values():
        for name, value in part.items():
            if name not in ("load when it began", "seconds", "date", "source"):
                every[name] = value
    parts = table(["part", "date", "source", "load when it began", "seconds"],
                  [[part, m.get("date"), m.get("source"), m.get("load when it began"), m.get("seconds")]
                   for part, m in results.machines.items()])
    return "\n".join(f"- {name}: {value}" for name, value in every.items()) + "\n\n" + parts


def curve(results, name, column, scale=1.0):
    return [(float(row), results.get(name, row, column) * scale) for row in results.rows(name)
            if results.get(name, row, column) is not None]


def ranked(bars):
    """count first, then the others, the least first."""
    return sorted((bar for bar in bars if bar[1] is not None), key=lambda bar: (bar[0] != "count", bar[1]))


def draw(results, folder):
    """The plots; returns the names of those that there are figures for."""
    lines = [("last:cpu", "last value"), ("list:cpu", "list of names"), ("max-1h:cpu", "max in 1 h, all")]
    costs = [("ingest:cpu", "ingest"), ("flush:cpu", "flush")]
    charts = {}
    for name, axis in (("points", "points (1,000 series)"), ("series", "series (1,000,000 points)"),
                       ("files", "block files (1,000,000 points, 1,000 series)")):
        charts[f"growth-{name}-queries.svg"] = plot.line_chart, f"Queries and {name}", axis, \
            "processor ms above an empty program", \
            [(label, curve(results, f"growth-{name}", column)) for column, label in lines]
        if name != "files":
            charts[f"growth-{name}-cost.svg"] = plot.line_chart, f"Ingest, flush and {name}", axis, \
                "processor us a point", [(label, curve(results, f"growth-{name}", column)) for column, label in costs]
            charts[f"growth-{name}-bytes.svg"] = plot.line_chart, f"Bytes and {name}", axis, "bytes a point", \
                [("on disk", curve(results, f"growth-{name}", "bytes"))]
    names = list(results.rows("peers-a"))
    charts["peers-bytes.svg"] = plot.bar_chart, "Bytes a point on disk, shape (a)", "1,000 series of 10,000 points", \
        ranked([(name, results.get("peers-a", name, "bytes")) for name in names])
    charts["peers-cpu.svg"] = plot.bar_chart, "Processor time of ingest and flush or merge", "us a point, shape (a)", \
        ranked([(name, total(results.get("peers-a", name, "ingest:cpu"),
                             results.get("peers-a", name, "after:cpu") or 0.0)) for name in names])
    os.makedirs(folder, exist_ok=True)
    return {name for name, (chart, *arguments) in charts.items() if chart(os.path.join(folder, name), *arguments)}


def fill(results, template, plots):
    def figure(match):
        path = match.group(1).split("/")
        return show(results.get(*path)) if len(path) == 3 else "-"

    for line in template:
        line = line.rstrip("\n")
        name = line[1:]
        if line.startswith("@plot "):
            file = line[6:]
            yield f"![{file[:-4]}](performance/{file})" if file in plots else f"({file}: not measured)"
        elif line.startswith("@") and name in MADE:
            yield MADE[name](results)
        elif re.fullmatch("@[a-z-]+", line):
            sys.exit(f"page.py: no function makes {line}")
        else:
            yield re.sub(r"@\{([^}]*)\}", figure, line)


def main():
    folder, bench, template, target = sys.argv[1:]
    results = Results(folder, bench)
    plots = draw(results, os.path.join(target, "performance"))
    with open(template, encoding="utf-8") as lines:
        page = "\n".join(fill(results, lines, plots)) + "\n"
    with open(os.path.join(target, "performance.md"), "w", encoding="utf-8") as out:
        out.write(page)


main()
