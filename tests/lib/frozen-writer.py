#!/usr/bin/env python3
"""frozen-writer.py DIR [all] - stops a count-ingest after each system call it makes on the log.

While it stands still others ingest, flush twice and query, each within a time limit; then it goes
on, and must be acknowledged with every point there once: before and after one more flush.  With "all",
after each call from the first on its data directory on, and the same with a count-flush, beside which
others cannot flush but do all else, and a count-query, which answers at least what was there when it began.
"""
import concurrent.futures
import os
import re
import shutil
import signal
import subprocess
import sys
import time

LIMIT = 8		# seconds; a writer waits at most one for a lock


def fail(text):
    raise RuntimeError(text)


class Store:
    """A fresh data directory, and what must be in it."""

    def __init__(self, path, points):
        shutil.rmtree(path, ignore_errors=True)
        self.path = path
        self.want = set()
        self.run("count-ingest", "-q", "--init")
        for n in range(points):
            self.put("before", n)

    def run(self, *args, text=""):
        done = subprocess.run(args + ("-d", self.path), input=text, capture_output=True, text=True,
                              timeout=LIMIT)
        if done.returncode != 0:
            fail(f"{args}: exit {done.returncode}: {done.stderr}")
        return done.stdout

    def put(self, series, n):
        line = f"{series} {n} {1700000000000 + n}"
        self.run("count-ingest", "-q", "--time-unit", "ms", text=line + "\n")
        self.want.add(line)

    def flush(self):
        self.run("count-flush", "-q", "--no-compact")

    def check(self, when):
        got = self.run("count-query").splitlines()
        if len(got) != len(set(got)) or set(got) != self.want:
            fail(f"{when}: missing {self.want - set(got)}, wrong {set(got) - self.want}, "
                 f"{len(got)} lines")


class Frozen:
    """A tool under strace, which stops it after call number `when` of a name; count-ingest has one point."""

    def __init__(self, store, work, tool, call=None, when=0):
        self.began_with = set(store.want)
        self.out = os.path.join(work, "out")
        self.log = os.path.join(work, "strace")
        open(self.log, "w").close()
        with open(os.path.join(work, "point"), "w") as f:
            f.write("frozen 1 1700000000000\n")
        inject = ["-e", f"inject={call}:signal=STOP:when={when}"] if call else []
        more = ["--time-unit", "ms", f.name] if tool == "ingest" else []
        self.p = subprocess.Popen(
            ["strace", "-D", "-y", "-qq", "-o", self.log, "-e", "trace=%file,%desc", *inject,
             "count-" + tool, "-q", "-d", store.path, *more],
            stdout=open(self.out, "w"), stderr=subprocess.DEVNULL)
        if tool == "ingest":
            store.want.add("frozen 1 1700000000000")

    def text(self):
        with open(self.log, errors="replace") as f:
            return f.read()

    def wait_until_stopped(self):
        """False if it ended before."""
        end = time.monotonic() + LIMIT
        while "stopped by SIGSTOP" not in self.text():
            if self.p.poll() is not None:
                return False
            if time.monotonic() > end:
                self.p.kill()
                fail("it neither stops nor ends")
            time.sleep(0.002)
        return True

    def go_on(self):
        """Until it ends: the signal may come before the stop is complete."""
        end = time.monotonic() + LIMIT
        while self.p.poll() is None:
            self.p.send_signal(signal.SIGCONT)
            if time.monotonic() > end:
                self.p.kill()
                fail("it does not go on")
            time.sleep(0.005)
        return self.p.returncode


def calls_on(store, work, tool, everything):
    """The calls of an undisturbed run, as (name, number among those of that name)."""
    where = store.path if everything else store.path + "/wal"
    f = Frozen(store, work, tool)
    if f.p.wait(LIMIT) != 0:
        fail("strace does not work: " + f.text())
    counts, calls, began = {}, [], False
    for name, rest in re.findall(r"^(\w+)\((.*)$", f.text(), re.M):
        counts[name] = counts.get(name, 0) + 1
        began = began or where in rest
        if where in rest or (everything and began):
            calls.append((name, counts[name]))
    return calls


def store_for(path, tool, points):
    """A tool that reads blocks has some to read, and enough to join."""
    store = Store(path, points)
    for n in range(0 if tool == "ingest" else 4):
        store.flush()
        store.put("more", n)
    return store


def one(path, work, tool, points, call, when):
    store = store_for(path, tool, points)
    frozen = Frozen(store, work, tool, call, when)
    if frozen.wait_until_stopped():
        for n in range(2):
            store.put("beside", n)
            if tool != "flush":
                store.flush()
        store.put("beside", 2)
        # Whether the frozen point is there by now nobody has promised.
        got = set(store.run("count-query").splitlines())
        if store.want - got - {"frozen 1 1700000000000"} or got - store.want:
            fail("beside: missing " + str(store.want - got))
    status = frozen.go_on()
    if status != 0:
        fail(f"the frozen one: exit {status}")
    if tool == "query":
        with open(frozen.out) as f:
            got = f.read().splitlines()
        if len(got) != len(set(got)) or not frozen.began_with <= set(got) <= store.want:
            fail(f"the frozen one: missing {frozen.began_with - set(got)}, wrong {set(got) - store.want}")
    store.check("afterwards")
    store.flush()
    store.check("after a flush")


def main():
    work, everything = os.path.abspath(sys.argv[1]), sys.argv[2:] == ["all"]
    cases = []
    os.makedirs(os.path.join(work, "plan"))
    for tool, points in (("ingest", 0), ("ingest", 1)) + ((("flush", 1), ("query", 1)) if everything else ()):
        store = store_for(os.path.join(work, "plan", "db"), tool, points)
        cases += [(tool, points, *c) for c in calls_on(store, work, tool, everything)]

    def run(i):
        tool, points, call, when = cases[i]
        mine = os.path.join(work, str(i))
        os.makedirs(mine)
        try:
            one(os.path.join(mine, "db"), mine, tool, points, call, when)
        except Exception as e:
            return f"{tool}, log of {points} points, stopped after {call} number {when}: {e}"
        shutil.rmtree(mine)
        return ""

    # Most of the time is spent waiting for locks.
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        bad = [text for text in pool.map(run, range(len(cases))) if text]
    print("\n".join(bad) or f"# stopped {len(cases)} times")
    sys.exit(1 if bad or not cases else 0)


main()
