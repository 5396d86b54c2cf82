#!/usr/bin/env python3
"""two-archivers.py ROUNDS [--fake] [--seed N] [--series N]: two data directories, a and b, archive into one prefix.

Each round both get points: new stretches, late points into what either of them has archived, other values for
stamps that are there, the same values once more; then count-archive runs on both at the same time.  One that ends
with 4, as the faults of a proxy may make it, is run again by itself.  Of what both wrote at the same stamp in one
round either may win; otherwise the later round does.

What must hold: every point is answered, from a third directory too; manifests name all that is there, and no
object lies there that no manifest names; statistics are those of the points; overlapping objects are gone after
the next runs.  --fake: the clock goes on 7 hours a round (faketime), so that replaced objects come of age; then
no garbage is older than a day when its manifest is written.

S3_* say where the bucket is.  Prints a line for each check that fails, and one of numbers; exit 1 if any did."""
import argparse, collections, json, math, os, random, re, subprocess, sys, time

BASE = 1672531200000		# 2023-01-01
HOUR = 3600000
SPAN = 40 * 24			# hours of points, at most
KEEP = ("AWS_", "S3_", "COUNT_")

opt = argparse.ArgumentParser()
opt.add_argument("rounds", type=int)
opt.add_argument("--fake", action="store_true")
opt.add_argument("--seed", type=int, default=1)
opt.add_argument("--series", type=int, default=5)
opt.add_argument("--check-every", type=int, default=25)
o = opt.parse_args()
rnd = random.Random(o.seed)
names = ["race.%d" % i for i in range(o.series - 1)] + ['race{host="a/b"}']
want = {n: {} for n in names}		# stamp: values that may be answered
counter = 0
tally = collections.Counter()
clock = int(time.time())
bad = 0


def complain(text):
    global bad
    bad += 1
    print("BAD:", text, flush=True)


def tool(*args, directory="a", stdin=None):
    env = dict(os.environ, DATA_DIR=directory)
    args = list(args)
    if o.fake:
        args = ["faketime", "@%d" % clock] + args
    return subprocess.Popen(args, env=env, stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(p, args, directory, stdin=None):
    """(stdout, stderr, status).  faketime may find what a process that was killed left in its way."""
    out, err = p.communicate(stdin, timeout=600)
    while p.returncode == 1 and re.search("^faketime: s[eh]m_open", err):
        p = tool(*args, directory=directory, stdin=stdin)
        out, err = p.communicate(stdin, timeout=600)
    return out, err, p.returncode


def run(*args, directory="a", stdin=None, status=(0,)):
    out, err, got = finish(tool(*args, directory=directory, stdin=stdin), args, directory, stdin)
    if got not in status:
        complain("%s in %s: status %d: %s" % (" ".join(args), directory, got, (err + out[:300]).strip()))
    return out, err, got


# ---- Points ----

def value():
    global counter
    counter += 1
    return counter / 4


def points_of(series, n):
    """{stamp: value} of one directory and round."""
    known, got = want[series], {}
    kind = rnd.random()
    start = BASE + rnd.randrange(SPAN) * HOUR
    if kind < 0.4 or not known:			# a stretch, mostly new
        for i in range(rnd.choice([1, 60, 360, 720])):
            got[start + i * 60000] = value()
    if kind > 0.3 and known:
        stamps = rnd.sample(sorted(known), min(len(known), rnd.choice([1, 3, 50])))
        for t in stamps:
            how = rnd.random()
            if how < 0.4:			# late, beside what is there
                got[t + rnd.randrange(1, 60000)] = value()
            elif how < 0.7:			# another value
                got[t] = value()
            elif len(known[t]) == 1:		# the same once more
                got[t] = next(iter(known[t]))
    return got


def new_points():
    both = {}
    for d in "ab":
        both[d] = {n: points_of(n, i) for i, n in enumerate(names) if rnd.random() < 0.7}
    if rnd.random() < 0.3:			# both have the same, and in the same stretch
        n = rnd.choice(names)
        both["a"][n] = both["b"][n] = points_of(n, 0)
    elif rnd.random() < 0.5:			# the same stamps, other values
        n = rnd.choice(names)
        both["a"][n] = points_of(n, 0)
        both["b"][n] = {t: value() for t in both["a"][n]}
    for n in names:
        a, b = both["a"].get(n, {}), both["b"].get(n, {})
        for t in a.keys() | b.keys():
            want[n][t] = {x[t] for x in (a, b) if t in x}
    for d in "ab":
        text = "".join("%s %r %d\n" % (n, v, t) for n, p in both[d].items() for t, v in p.items())
        run("count-ingest", "-q", "--time-unit", "ms", directory=d, stdin=text)
        tally["points"] += text.count("\n")


# ---- A round ----

def archive_both():
    ran = {d: tool("count-archive", "--json", directory=d) for d in "ab"}
    ended = {d: finish(p, ("count-archive", "--json"), d) for d, p in ran.items()}
    for d in "ab":
        out, err, left = ended[d]
        tries = 0
        while left == 4 and tries < 8:
            tally["run again"] += 1
            tries += 1
            out, err, left = finish(tool("count-archive", "--json", directory=d), ("count-archive", "--json"), d)
        if left != 0:
            complain("count-archive in %s: status %d: %s" % (d, left, err.strip()))
            continue
        report = json.loads(out)
        tally["objects"] += report["objects"]
        for k in ("get", "put", "head", "delete"):
            tally[k] += report["requests"][k]


# ---- Checks ----

def answered(directory, *more):
    """What it answers must be what was written."""
    out, _, status = run("count-query", "--time-format", "ms", *more, directory=directory, status=(0,))
    got = {n: {} for n in names}
    for line in out.splitlines():
        name, v, t = line.rsplit(" ", 2)
        if int(t) in got[name]:
            complain("%s: %s %s twice" % (directory, name, t))
        got[name][int(t)] = float(v)
    for n in names:
        lost = want[n].keys() - got[n].keys()
        extra = got[n].keys() - want[n].keys()
        wrong = [t for t in got[n].keys() & want[n].keys() if got[n][t] not in want[n][t]]
        if lost or extra or wrong:
            complain("%s: %s: %d lost %s, %d never written, %d wrong %s" % (
                directory, n, len(lost), sorted(lost)[:3], len(extra), len(wrong),
                [(t, got[n][t], want[n][t]) for t in sorted(wrong)[:3]]))
        for t in got[n].keys() & want[n].keys():
            want[n][t] = {got[n][t]}		# and so it stays
    return got


def statistics(directory, got):
    """Aggregates, from statistics where there are some, against the points."""
    out, _, _ = run("count-query", "--step", "1d", "--agg", "count,min,max,sum", "--time-format", "ms",
                    directory=directory)
    said = {}
    for line in out.splitlines():
        name, v, t = line.rsplit(" ", 2)
        said[name, int(t)] = float(v)
    for n in names:
        head, brace, labels = n.partition("{")
        days = collections.defaultdict(list)
        for t, v in got[n].items():
            days[t - t % (24 * HOUR)].append(v)
        for d, v in days.items():
            for agg, x in (("count", len(v)), ("min", min(v)), ("max", max(v)), ("sum", math.fsum(v))):
                y = said.pop(("%s:%s%s%s" % (head, agg, brace, labels), d), None)
                if y is None or abs(x - y) > 1e-12 * abs(x):
                    complain("%s: %s:%s of %d is %s, not %s" % (directory, n, agg, d, y, x))
    if said:
        complain("%s: aggregates of nothing: %s" % (directory, list(said)[:3]))


def verify(directory):
    out, err, status = run("count-manifest", "verify", "--deep", "--json", "--max-cost", "none", directory=directory)
    if status != 0:
        return
    r = json.loads(out)
    tally["orphans"] = r["orphans"]
    if r["problems"]:
        complain("verify --deep: %s" % out.strip())


def blocks(directory, series):
    out, _, _ = run("count-manifest", "show", series, directory=directory)
    return sorted((int(f[1]), int(f[2])) for f in (line.split("\t") for line in out.splitlines())
                  if "/block_" in f[0] and f[1] != "garbage" and f[1].lstrip("-").isdigit() and len(f) > 3)


def overlaps(directory):
    n = 0
    for s in names:
        b = blocks(directory, s)
        n += sum(1 for x, y in zip(b, b[1:]) if y[0] <= x[1])
    return n


def garbage_is_young():
    """Garbage of manifests that were written in this round: younger than a day.  In a directory store."""
    top = os.path.join(os.environ["S3_ENDPOINT"][7:], os.environ["S3_BUCKET"], "count-data")
    total = 0
    for d in os.listdir(top):
        m = json.load(open(os.path.join(top, d, "manifest.json")))
        g = m.get("garbage", [])
        total += len(g)
        if seqs.get(d) == m["seq"]:
            continue
        seqs[d] = m["seq"]
        there = {f for f in os.listdir(os.path.join(top, d)) if f.startswith("block_")}
        blocks = {os.path.basename(x["key"]) for x in m["blocks"]}
        # Those that were deleted before a race was lost stand there once more.
        young = {os.path.basename(x["key"]) for x in g if clock - x["since"] < 86400}
        old = {os.path.basename(x["key"]) for x in g} - young
        if there - blocks - young or (blocks | young) - there:
            complain("%s: %s: not named, or for more than a day garbage: %s; not there: %s" % (
                d, m["seq"], sorted(there - blocks - young)[:3], sorted((blocks | young) - there)[:3]))
        tally["deleted before a lost race"] += len(old)
    tally["most garbage"] = max(tally["most garbage"], total)


def check(fresh):
    run("count-manifest", "sync", "-q", directory="third")
    got = answered("third", "--tier", "cold")
    statistics("third", got)
    verify("third")
    if fresh:
        run("count-manifest", "sync", "-q", directory="fresh")
        answered("fresh", "--tier", "cold")
        for d in "ab":
            statistics(d, answered(d, "--fresh"))


seqs = {}
for i in range(o.rounds):
    new_points()
    archive_both()
    clock += 7 * 3600
    if o.fake:
        clock -= 7 * 3600
        garbage_is_young()
        clock += 7 * 3600
    if (i + 1) % o.check_every == 0:
        run("count-manifest", "sync", "-q", directory="third")
        tally["overlaps"] += overlaps("third")
        check(False)
    if bad > 20:
        break
check(False)
tally["overlaps"] += overlaps("third")
for n in names * 2:			# a late point each: the first run may meet what it did not know of
    t = BASE - HOUR + counter
    v = value()
    want[n][t] = {v}
    run("count-ingest", "-q", "--time-unit", "ms", directory="a", stdin="%s %r %d\n" % (n, v, t))
    if n == names[-1]:
        for _ in range(8):
            if run("count-archive", "-q", directory="a", status=(0, 4))[2] == 0:
                break
check(True)
if overlaps("third"):
    complain("%d objects still overlap after the next runs" % overlaps("third"))
print("%d rounds: %s" % (i + 1, ", ".join("%s %d" % x for x in sorted(tally.items()))))
sys.exit(1 if bad else 0)
