"""plot.py - charts as SVG: lines over logarithmic axes, and bars.  Used by page.py."""
import html
import math

COLOURS = ["#1b6ca8", "#c8553d", "#3a7d44", "#8d5a97", "#b8860b", "#4a4a4a"]
FONT = 'font-family="Helvetica, Arial, sans-serif"'
WIDTH = 720


def number(value):
    """A value as a reader wants it: 0.05, 1.4, 25, 3,000, 10 M."""
    for limit, divisor, unit in ((1e9, 1e9, " G"), (1e6, 1e6, " M"), (1e4, 1e3, " k")):
        if value >= limit:
            return f"{value / divisor:.3g}{unit}"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def text(x, y, content, anchor="start", size=12, colour="#222", weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}" '
            f'font-weight="{weight}" {FONT}>{html.escape(content)}</text>')


def line(x1, y1, x2, y2, colour="#ddd", width=1.0):
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
            f'stroke-width="{width}"/>')


def write(path, height, parts):
    with open(path, "w", encoding="utf-8") as out:
        out.write(f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
                  f'viewBox="0 0 {WIDTH} {height}">\n')
        out.write(f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>\n')
        out.write("\n".join(parts) + "\n</svg>\n")


def ticks(low, high):
    """Powers of ten, and with fewer than three of them 2 and 5 times those too."""
    factors = (1,) if math.log10(high / low) >= 2.5 else (1, 2, 5)
    powers = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 1)
    return [factor * 10.0 ** power for power in powers for factor in factors
            if low * 0.999 <= factor * 10.0 ** power <= high * 1.001]


def spread(labels, gap, low, high):
    """Moves (y, ...) labels apart until none is nearer than gap to the next, within low to high."""
    labels = sorted(labels)
    for i in range(1, len(labels)):
        if labels[i][0] < labels[i - 1][0] + gap:
            labels[i] = (labels[i - 1][0] + gap,) + labels[i][1:]
    over = labels[-1][0] - high if labels else 0
    if over > 0:
        labels = [(max(low, label[0] - over),) + label[1:] for label in labels]
    return labels


def line_chart(path, title, x_name, y_name, lines):
    """lines: [(name, [(x, y), ...])]; both axes are logarithmic; what is not above zero is left out."""
    lines = [(name, [(x, y) for x, y in points if x > 0 and y > 0]) for name, points in lines]
    lines = [(name, points) for name, points in lines if points]
    if not lines:
        return False
    every = [point for _, points in lines for point in points]
    low_x, high_x = min(x for x, _ in every), max(x for x, _ in every)
    low_y, high_y = min(y for _, y in every) / 1.3, max(y for _, y in every) * 1.3
    if high_x == low_x:
        high_x = low_x * 10
    left, right, top, bottom, height = 70, 170, 56, 50, 400

    def at(x, y):
        return (left + math.log(x / low_x) / math.log(high_x / low_x) * (WIDTH - left - right),
                height - bottom - math.log(y / low_y) / math.log(high_y / low_y) * (height - top - bottom))

    parts = [text(left, 22, title, size=15, weight="bold"), text(left, 42, y_name, colour="#555")]
    for x in ticks(low_x, high_x):
        parts.append(line(at(x, low_y)[0], top, at(x, low_y)[0], height - bottom))
        parts.append(text(at(x, low_y)[0], height - bottom + 18, number(x), "middle", 11, "#555"))
    for y in ticks(low_y, high_y):
        parts.append(line(left, at(low_x, y)[1], WIDTH - right, at(low_x, y)[1]))
        parts.append(text(left - 8, at(low_x, y)[1] + 4, number(y), "end", 11, "#555"))
    parts.append(line(left, height - bottom, WIDTH - right, height - bottom, "#888"))
    parts.append(text((left + WIDTH - right) / 2, height - 12, x_name, "middle", 12, "#555"))
    labels = []
    for i, (name, points) in enumerate(lines):
        colour = COLOURS[i % len(COLOURS)]
        places = [at(x, y) for x, y in sorted(points)]
        parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="'
                     + " ".join(f"{x:.1f},{y:.1f}" for x, y in places) + '"/>')
        parts.extend(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places)
        labels.append((places[-1][1] + 4, name, colour))
    for y, name, colour in spread(labels, 15, top, height - bottom):
        parts.append(text(WIDTH - right + 10, y, name, colour=colour))
    write(path, height, parts)
    return True


def bar_chart(path, title, note, bars):
    """bars: [(name, value)], the first is ours; a linear axis, the value beside each bar."""
    bars = [(name, value) for name, value in bars if value is not None]
    if not bars:
        return False
    left, right, top, step = 170, 80, 60, 26
    height = top + step * len(bars) + 14
    longest = max(value for _, value in bars)
    parts = [text(20, 22, title, size=15, weight="bold"), text(20, 42, note, colour="#555")]
    for i, (name, value) in enumerate(bars):
        y, width = top + step * i, max(1.0, value / longest * (WIDTH - left - right))
        parts.append(text(left - 10, y + 14, name, "end", weight="bold" if i == 0 else "normal"))
        parts.append(f'<rect x="{left}" y="{y}" width="{width:.1f}" height="{step - 8}" '
                     f'fill="{COLOURS[0] if i == 0 else "#a9a9a9"}"/>')
        parts.append(text(left + width + 6, y + 14, number(value)))
    write(path, height, parts)
    return True
