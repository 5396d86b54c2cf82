#!/usr/bin/env python3
"""day-sums.py POINTS ANSWER: is ANSWER, of count-query --step 1d --agg avg,sum, right for POINTS?

POINTS has lines "series value ms".  The sum must be the double nearest to the exact one, the average that of it
divided by the number of points.
"""
import math
import sys
from collections import defaultdict

days = defaultdict(list)
for line in open(sys.argv[1]):
    series, value, time = line.rsplit(' ', 2)
    days[series, int(time) // 86400000].append(float(value))
want = {}
for (series, day), values in days.items():
    want[series + ':sum', day] = math.fsum(values)
    want[series + ':avg', day] = math.fsum(values) / len(values)
for line in open(sys.argv[2]):
    name, value, time = line.rsplit(' ', 2)
    right = want.pop((name, int(time) // 86400000), None)
    if right is None or int(time) % 86400000 or float(value) != right:
        sys.exit(f'{line.strip()}: should be {right}')
if want:
    sys.exit(f'{len(want)} lines are missing, {next(iter(want))} is one')
