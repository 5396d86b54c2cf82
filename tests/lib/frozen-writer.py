#!/usr/bin/env python3
"""frozen-writer.py DIR [all] - stops a count-ingest after each system call it makes on the log.

While it stands still others ingest, flush twice and query, each within a time limit; then it goes
on, and must be acknowledged with every point there once: before and after one more flush.  With "all",
after each call from the first on its data directory on.
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
    """A count-ingest of one point under strace, which stops it after call number `when` of a name."""

    def __init__(self, store, work, call=None, when=0):
        self.log = os.path.join(work, "strace")
        open(self.log, "w").close()
        with open(os.path.join(work, "point"), "w") as f:
            f.write("frozen 1 1700000000000\n")
        inject = ["-e", f"inject={call}:signal=STOP:when={when}"] if call else []
        self.p = subprocess.Popen(
            ["strace", "-D", "-y", "-qq", "-o", self.log, "-e", "trace=%file,%desc", *inject,
             "count-ingest", "-q", "--time-unit", "ms", "-d", store.path, f.name],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
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


def calls_on(store, work, everything):
    """The calls of an undisturbed run, as (name, number among those of that name)."""
    where = store.path if everything else store.path + "/wal"
    f = Frozen(store, work)
    if f.p.wait(LIMIT) != 0:
        fail("strace does not work: " + f.text())
    counts, calls, began = {}, [], False
    for name, rest in re.findall(r"^(\w+)\((.*)$", f.text(), re.M):
        counts[name] = counts.get(name, 0) + 1
        began = began or where in rest
        if where in rest or (everything and began):
            calls.append((name, counts[name]))
    return calls


def one(path, work, points, call, when):
    store = Store(path, points)
    frozen = Frozen(store, work, call, when)
    if frozen.wait_until_stopped():
        for n in range(2):
            store.put("beside", n)
            store.flush()
        store.put("beside", 2)
        # Whether the frozen point is there by now nobody has promised.
        got = set(store.run("count-query").splitlines())
        if got | {"frozen 1 1700000000000"} != store.want:
            fail("beside: missing " + str(store.want - got))
    status = frozen.go_on()
    if status != 0:
        fail(f"the frozen one: exit {status}")
    store.check("afterwards")
    store.flush()
    store.check("after a flush")


def main():
    work = os.path.abspath(sys.argv[1])
    cases = []
    for points in (0, 1):
        os.makedirs(os.path.join(work, "plan"), exist_ok=True)
        store = Store(os.path.join(work, "plan", "db"), points)
        cases += [(points, *c) for c in calls_on(store, work, sys.argv[2:] == ["all"])]

    def run(i):
        points, call, when = cases[i]
        mine = os.path.join(work, str(i))
        os.makedirs(mine, exist_ok=True)
        try:
            one(os.path.join(mine, "db"), mine, points, call, when)
        except Exception as e:
            return f"log of {points} points, stopped after {call} number {when}: {e}"
        shutil.rmtree(mine)
        return ""

    # Most of the time is spent waiting for locks.
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        bad = [text for text in pool.map(run, range(len(cases))) if text]
    print("\n".join(bad) or f"# stopped {len(cases)} times")
    sys.exit(1 if bad or not cases else 0)


main()
