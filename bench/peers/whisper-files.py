"""whisper-files.py FOLDER END load LINES POINTS | last NAME | hour NAME | dump NAME | avg-5m NAME | max-1h | max-1d

Loads Graphite lines, grouped by series, into one Whisper file a series, or answers a question from them.  END is the
newest stamp, and stands in for the clock: Whisper counts ages from it.
"""
import itertools
import os
import sys

import whisper


def load(folder, end, lines, points):
    os.mkdir(folder)
    with open(lines, encoding="ascii") as source:
        split = (line.split(" ") for line in source)
        for name, group in itertools.groupby(split, key=lambda words: words[0]):
            path = os.path.join(folder, name + ".wsp")
            whisper.create(path, [(10, points + 1)])
            whisper.update_many(path, [(int(words[2]), float(words[1])) for words in group], now=end)


def fetch(folder, end, name, start):
    info, values = whisper.fetch(os.path.join(folder, name + ".wsp"), start, end, now=end)
    return [(time, value) for time, value in zip(range(*info), values) if value is not None]


def steps(points, seconds, fold):
    for time, group in itertools.groupby(points, key=lambda point: point[0] - point[0] % seconds):
        yield time, fold([value for _, value in group])


def main():
    folder, end, what = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    if what == "load":
        load(folder, end, sys.argv[4], int(sys.argv[5]))
        return
    start = end - {"last": 20, "hour": 3600}.get(what, 1000000000)
    names = sys.argv[4:] or sorted(file[:-4] for file in os.listdir(folder))
    for name in names:
        points = fetch(folder, end, name, start)
        if what == "last":
            points = points[-1:]
        elif what == "avg-5m":
            points = steps(points, 300, lambda values: sum(values) / len(values))
        elif what.startswith("max"):
            points = steps(points, 3600 if what == "max-1h" else 86400, max)
        sys.stdout.writelines(f"{name} {value} {time}\n" for time, value in points)


main()
