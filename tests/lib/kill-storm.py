#!/usr/bin/env python3
"""kill-storm.py DB KILLS [SEED] - kill -9 at random moments, against an oracle.

Keeps 3 writers and a flusher busy and kills a random one after a random time of 0-12 ms, KILLS times.
A writer that exits 0 has acknowledged its lines; one that was killed may have stored all, some
or none of them.  Every 50 kills and at the end all is compared with the oracle: acknowledged points
are there once with a value written no earlier than the acknowledged one, nothing else is.
"""
import random
import subprocess
import sys
import time


class Oracle:
    def __init__(self):
        self.legal = {}     # key -> set of values that may stand there
        self.must = set()   # keys that must be there

    def begin(self, lines):
        for key, value in lines:
            self.legal.setdefault(key, set()).add(value)

    def acknowledged(self, lines, running):
        """Nothing older than these may be answered any more, but what others have under way."""
        for key, value in lines:
            self.must.add(key)
            self.legal[key] = {value} | {v for other in running for k, v in other if k == key}


class Storm:
    def __init__(self, db, seed):
        self.db, self.rnd, self.oracle = db, random.Random(seed), Oracle()
        self.serial, self.writers, self.flusher = 0, [], None
        self.lost = []      # lines of killed writers: may or may not be stored
        self.done = self.killed = 0

    def start_writer(self):
        lines = []
        for _ in range(self.rnd.choice((1, 1, 5, 200))):
            self.serial += 1
            # One stamp in four is used again by a later writer, so that the last write must win.
            stamp = self.serial if self.rnd.random() < 0.75 else max(1, self.serial - 5000)
            lines.append((("s.%d" % (stamp % 7), stamp * 1000), float(self.serial)))
        lines = list(dict(lines).items())
        # A key that another running writer holds would make both orders legal: keep them apart.
        busy = {k for _, other in self.writers for k, _ in other}
        lines = [(k, v) for k, v in lines if k not in busy]
        self.oracle.begin(lines)
        text = "".join("%s %r %d\n" % (k[0], v, k[1]) for k, v in lines)
        p = subprocess.Popen(["count-ingest", "-q", "--time-unit", "ms", "-d", self.db], stdin=subprocess.PIPE,
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        p.stdin.write(text.encode())
        p.stdin.close()
        self.writers.append((p, lines))

    def reap(self, p, lines):
        code = p.wait()
        err = p.stderr.read().decode()
        p.stderr.close()
        if code == 0:
            self.done += 1
            self.oracle.acknowledged(lines, [w[1] for w in self.writers])
        elif code != -9:
            sys.exit("count-ingest exits %d: %s" % (code, err))

    def turn(self):
        while len(self.writers) < 3:
            self.start_writer()
        if self.flusher is None or self.flusher.poll() is not None:
            if self.flusher is not None and self.flusher.returncode not in (0, 5, -9):
                sys.exit("count-flush exits %d" % self.flusher.returncode)
            self.flusher = subprocess.Popen(["count-flush", "-q", "-d", self.db])
        time.sleep(self.rnd.random() * 0.012)
        victim = self.rnd.randrange(4)
        target = self.flusher if victim == 3 else self.writers[victim][0]
        if target.poll() is None:
            target.kill()
            self.killed += 1
        for w in [w for w in self.writers if w[0].poll() is not None]:
            self.writers.remove(w)
            self.reap(*w)

    def settle(self):
        for w in list(self.writers):
            self.writers.remove(w)
            self.reap(*w)
        self.flusher.wait()

    def compare(self):
        r = subprocess.run(["count-query", "-d", self.db], capture_output=True, text=True)
        if r.returncode != 0:
            sys.exit("count-query exits %d: %s" % (r.returncode, r.stderr))
        seen = set()
        for line in r.stdout.splitlines():
            series, value, stamp = line.split()
            key = (series, int(stamp))
            if key in seen:
                sys.exit("answered twice: " + line)
            seen.add(key)
            if float(value) not in self.oracle.legal.get(key, ()):
                sys.exit("wrong: %s, legal %s" % (line, self.oracle.legal.get(key)))
        missing = self.oracle.must - seen
        if missing:
            sys.exit("%d acknowledged points are missing, one is %s" % (len(missing), min(missing)))
        return len(seen)


def main():
    db, kills = sys.argv[1], int(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 30)
    print("# seed %d" % seed)
    subprocess.run(["count-ingest", "-q", "--init", "-d", db], stdin=subprocess.DEVNULL, check=True)
    storm = Storm(db, seed)
    next_look = 50
    while storm.killed < kills:
        storm.turn()
        if storm.killed >= next_look:
            storm.settle()
            storm.compare()
            next_look += 50
    storm.settle()
    points = storm.compare()
    print("# %d kills, %d writers acknowledged, %d points compared" % (storm.killed, storm.done, points))


main()
