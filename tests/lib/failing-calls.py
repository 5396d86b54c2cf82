#!/usr/bin/env python3
"""failing-calls.py DIR FAULT... - each system call on the data directory fails once, or is the last.

FAULT is an errno or KILL.  For every call that count-flush and count-ingest make on a data directory:
what was stored before is answered just as before, and what count-ingest read is all there if it was
acknowledged, else all or not at all; and the next flush works and changes nothing.
"""
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys

NEW = "n 1 1700000000000\nn 2 1700000001000\n"


def run(*args, text=""):
    return subprocess.run(args, input=text, capture_output=True, text=True, timeout=60)


def make(base):
    """Four blocks, so that a flush joins them, and a log."""
    for r in range(5):
        lines = [f"m{s} {r}.{i} {1700000000 + r * 50 + i * 10}\n" for s in range(3) for i in range(8)]
        run("count-ingest", "-q", "-d", base, text="".join(lines))
        if r < 4:
            run("count-flush", "-q", "--no-compact", "-d", base)


def calls_of(command, base, copy):
    """(name, number among those of that name) of each call on the directory, undisturbed."""
    shutil.copytree(base, copy)
    log = copy + ".log"
    if run("strace", "-qq", "-y", "-o", log, "-e", "trace=%file,%desc", *command, "-d", copy).returncode != 0:
        sys.exit("the undisturbed run fails")
    counts = {}
    with open(log, errors="replace") as f:
        for name, rest in re.findall(r"^(\w+)\((.*)$", f.read(), re.M):
            counts[name] = counts.get(name, 0) + 1
            if copy in rest and name != "execve":
                yield name, counts[name]
    shutil.rmtree(copy)


def disturb(command, base, copy, name, when, fault, before):
    shutil.copytree(base, copy)
    how = "signal=KILL" if fault == "KILL" else "error=" + fault
    done = run("strace", "-qq", "-o", "/dev/null", "-e", "trace=%file,%desc",
               "-e", f"inject={name}:{how}:when={when}", *command, "-d", copy)
    bad = []
    if fault == "KILL":
        if done.returncode not in (-9, 137):
            bad.append(f"exit {done.returncode}, not killed")
    elif not 0 <= done.returncode <= 5:
        bad.append(f"exit {done.returncode}: {done.stderr}")
    legal = [before] if command[0] == "count-flush" else [before + NEW]
    if done.returncode != 0 and legal != [before]:
        legal.append(before)
    for step in ("query", "flush"):
        again = run("count-" + step, "-d", copy)
        if again.returncode != 0:
            bad.append(f"{step}: exit {again.returncode}: {again.stderr}")
        if run("count-query", "-d", copy).stdout not in legal:
            bad.append(f"after {step}: other points")
    bad += ["left: " + n for n in os.listdir(copy + "/blocks") if not n.endswith(".blk")]
    shutil.rmtree(copy)
    return [f"{command[0]}, {name} number {when}, {fault} (exit {done.returncode}): {b}" for b in bad]


def main():
    work, faults = os.path.abspath(sys.argv[1]), sys.argv[2:]
    os.makedirs(work)
    base, points = os.path.join(work, "base"), os.path.join(work, "points")
    with open(points, "w") as f:
        f.write(NEW)
    make(base)
    before = run("count-query", "-d", base).stdout
    jobs = []
    for command in (("count-flush", "-q"), ("count-ingest", "-q", "--time-unit", "ms", points)):
        for name, when in calls_of(command, base, os.path.join(work, "dry")):
            # Nobody can know more of a close() that fails; mmap() has no other error than ENOMEM.
            jobs += [(command, name, when, fault) for fault in faults
                     if fault == "KILL" or name not in ("close", "mmap")]

    def one(i):
        command, name, when, fault = jobs[i]
        return disturb(command, base, os.path.join(work, str(i)), name, when, fault, before)

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        bad = sum(pool.map(one, range(len(jobs))), [])
    print("\n".join(bad[:20]) or f"# {len(jobs)} faults")
    sys.exit(1 if bad or not jobs else 0)


main()
