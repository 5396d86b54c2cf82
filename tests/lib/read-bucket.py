#!/usr/bin/env python3
"""read-bucket.py FOLDER POINTS: reads a bucket as count-manifest(5) says, and shares no code with count.

FOLDER holds PREFIX/SERIES/...; POINTS has lines "series value time".  All that manifests, objects and chunk
directories say of the points must agree with these; columns are not decoded, but have their checksums, and
points_hash is that of the points given.  Hashes are looked at where xxhsum is installed.
"""
import base64
import gzip
import json
import math
import shutil
import struct
import subprocess
import sys
from collections import defaultdict
from fractions import Fraction
from pathlib import Path

DAY = {'s': 86400, 'ms': 86400000, 'us': 86400000000, 'ns': 86400000000000}
FIXED = ['key', 'start_time', 'end_time', 'point_count']


def fail(where, what):
    sys.exit(f'{where}: {what}')


def no_repeats(pairs):
    keys = [k for k, _ in pairs]
    assert len(keys) == len(set(keys)), f'repeated key among {keys}'
    return dict(pairs)


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def xxh128(data):
    if not shutil.which('xxhsum'):
        return None
    out = subprocess.run(['xxhsum', '-H128', '-'], input=data, capture_output=True, check=True).stdout
    return 'xxh128:' + out.split()[0].decode()


def check_hash(where, want, data):
    if xxh128(data) not in (None, want):
        fail(where, f'{want} is not the hash of {len(data)} bytes')


def double(text):
    if text.startswith('NaN:'):
        return struct.unpack('>d', bytes.fromhex(text[4:]))[0]
    return float(text)


def same(a, b):
    return struct.pack('<d', a) == struct.pack('<d', b) or (a != a and b != b)


def check_stats(where, points, nan_count, lo, hi, total, first, last):
    values = [v for _, v in points]
    numbers = [v for v in values if v == v]
    nans = len(values) - len(numbers)
    want = (min(numbers), max(numbers)) if numbers else (math.nan, math.nan)
    if nan_count != nans or double(lo) != want[0] and numbers or double(hi) != want[1] and numbers:
        fail(where, 'nan_count, min or max is wrong')
    if not same(double(first), values[0]) or not same(double(last), values[-1]):
        fail(where, 'first or last is wrong')
    if nans or any(map(math.isinf, values)):
        if not same(double(total[0]), sum(values)) or double(total[1]) != 0:
            fail(where, 'the sum is not that of NaN or infinities')
        return
    exact = sum(map(Fraction, values), Fraction(0))
    off = Fraction(double(total[0])) + Fraction(double(total[1])) - exact
    if abs(off) > sum(map(abs, map(Fraction, values)), Fraction(0)) / 10**25 or double(total[0]) != float(exact):
        fail(where, 'the sum is wrong')


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7f) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def check_chunks(where, data, points):
    size, crc = struct.unpack_from('<II', data)
    if crc32c(data[:4] + data[8:8 + size]) != crc:
        fail(where, 'the directory has a wrong checksum')
    assert data[8] == 2
    n, at = varint(data, 9)
    off, done, last, count, dictionary = 8 + size, 0, None, 0, False
    for _ in range(n):
        flags, at = data[at], at + 1
        assert flags < 4
        if not flags & 1:
            count, at = varint(data, at)
        first, at = varint(data, at)
        first = (first >> 1 ^ -(first & 1)) if last is None else last + 1 + first
        span, at = varint(data, at)
        last = first + span
        if flags & 2:
            length, at = varint(data, at)
            if length:
                crc, at, dictionary = struct.unpack_from('<I', data, at)[0], at + 4, True
                if crc32c(data[off:off + length]) != crc:
                    fail(where, 'a dictionary has a wrong checksum')
                off += length
            assert dictionary
        lengths, at = varint(data, at)
        more, at = varint(data, at)
        crc, at = struct.unpack_from('<I', data, at)[0], at + 4
        column = data[off:off + lengths + more]
        off += lengths + more
        if crc32c(column) != crc:
            fail(where, 'a chunk has a wrong checksum')
        if (first, last) != (points[done][0], points[done + count - 1][0]):
            fail(where, f'a chunk of {first} to {last} is not so')
        done += count
    if (done, at, off) != (len(points), 8 + size, len(data)):
        fail(where, f'{done} points in chunks, ends at {at} and {off}')


def check_object(where, name, entry, unit, path, points):
    stored = path.read_bytes()
    if 'size' in entry and entry['size'] != len(stored):
        fail(where, 'another size')
    if 'checksum' in entry:
        check_hash(where, entry['checksum'], stored)
    text = gzip.decompress(stored) if stored[:2] == b'\x1f\x8b' else stored
    o = json.loads(text, object_pairs_hook=no_repeats)
    if (o['series_name'], o['unit'], o['version']) != (name, unit, 1) or any(o[k] != entry[k] for k in FIXED):
        fail(where, 'object and manifest differ')
    if 'points_hash' in o:
        check_hash(where, o['points_hash'], b''.join(struct.pack('<qd', t, v) for t, v in points))
    chunks = base64.b64decode(o['chunks'], validate=True)
    check_hash(where, o['checksum'], chunks)
    check_chunks(where, chunks, points)


def check_entry(where, entry, unit, points):
    if (len(points), points[0][0], points[-1][0]) != (entry['point_count'], entry['start_time'], entry['end_time']):
        fail(where, f'{len(points)} points from {points[0][0]} to {points[-1][0]}')
    if 'min' in entry:
        check_stats(where, points, *(entry[k] for k in ('nan_count', 'min', 'max', 'sum', 'first', 'last')))
    days = defaultdict(list)
    for t, v in points:
        days[t // DAY[unit]].append((t, v))
    rows = entry.get('days', [])
    if rows and [[r[0], r[1], r[2]] for r in rows] != [[p[0][0], p[-1][0], len(p)] for p in days.values()]:
        fail(where, 'days are wrong')
    for row, inside in zip(rows, days.values()):
        check_stats(f'{where}, day at {row[0]}', inside, row[3], row[4], row[5], row[6:8], row[8], row[9])


def main():
    folder, series = Path(sys.argv[1]), defaultdict(dict)
    for line in Path(sys.argv[2]).read_text().splitlines():
        if line != '-':
            name, value, time = line.rsplit(' ', 2)
            series[name][int(time)] = float(value)
    objects = 0
    for path in sorted(folder.glob('*/*/manifest.json')):
        text = path.read_bytes()
        m = json.loads(text, object_pairs_hook=no_repeats)
        if 'checksum' in m:
            check_hash(path, m['checksum'], text[:text.rindex(b',"checksum":')])
        name, unit, left = m['series_name'], m.get('unit', 'ms'), series.pop(m['series_name'])
        assert list(m)[:2] == ['series_name', 'blocks']
        for entry in m['blocks']:
            assert list(entry)[:4] == FIXED
            points = sorted((t, v) for t, v in left.items() if entry['start_time'] <= t <= entry['end_time'])
            check_entry(entry['key'], entry, unit, points)
            check_object(entry['key'], name, entry, unit, folder / entry['key'], points)
            for t, _ in points:
                del left[t]
            objects += 1
        if left:
            fail(path, f'{len(left)} points are nowhere')
    if series:
        fail(folder, f'no manifest of {sorted(series)}')
    print(f'{objects} objects')


main()
