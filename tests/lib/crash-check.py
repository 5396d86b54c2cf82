#!/usr/bin/env python3
"""crash-check.py STEPS DIR - is the store in DIR/db a legal state after a crash?

STEPS holds one file of lines "series value stamp_ms" per ingest step, named 1, 2, ...; $CRASH_ACK names
what the recorded run had printed before the crash: "ack N" once step N was acknowledged.  Legal: every
point of an acknowledged step is answered with its value or that of a later step that was begun
for the same series and stamp; every answered point stands in some step; none is answered twice; and all
of that still holds after one more flush, which must succeed without a repair.

CRASH_MODEL says what the crash was.  kill: every program succeeds in silence.  reboot: the log was written
in another boot than the one of the check, as after a real power cut: what is torn is a warning.  power: the
same in one boot, where the log must call what a kill cannot leave (zeros, holes) damage: exit 3
is legal too, once, but the answer must be as whole as ever.
"""
import os
import subprocess
import sys


def run(*argv):
    return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True)


MODEL = os.environ.get("CRASH_MODEL", "kill")


def complain(r, what, legal=()):
    """Exits unless r ended as the kind of crash allows."""
    if r.returncode not in ((0, 3) if MODEL == "power" else (0,)) + tuple(legal):
        sys.exit(f"{what} exits {r.returncode}: {r.stderr[:300]!r}")
    if MODEL == "kill" and ("warning" in r.stderr or "damage" in r.stderr):
        sys.exit(f"{what} says {r.stderr[:300]!r}")


def read_steps(folder):
    steps = {}
    for name in os.listdir(folder):
        with open(os.path.join(folder, name)) as f:
            steps[int(name)] = [line.split() for line in f if line.strip()]
    return steps


def allowed_values(steps, acked):
    """(series, stamp) -> (set of legal values, must it be there)"""
    table = {}
    for number in sorted(steps):
        for series, value, stamp in steps[number]:
            key = (series, int(stamp))
            legal, there = table.get(key, (set(), False))
            if number in acked:
                legal, there = set(), True
            table[key] = (legal | {float(value)}, there)
    return table


def check_answer(db, table, when):
    if not os.path.exists(db) and not any(there for _, there in table.values()):
        return
    r = run("count-query", "-d", db)
    if r.returncode == 2 and "no data directory" in r.stderr and not any(t for _, t in table.values()):
        return
    complain(r, f"{when}: count-query")
    seen = set()
    for line in r.stdout.splitlines():
        series, value, stamp = line.split()
        key = (series, int(stamp))
        if key in seen:
            sys.exit(f"{when}: answered twice: {line}")
        seen.add(key)
        if key not in table:
            sys.exit(f"{when}: never written: {line}")
        if float(value) not in table[key][0]:
            sys.exit(f"{when}: wrong value: {line}, legal {table[key][0]}")
    for key, (legal, there) in table.items():
        if there and key not in seen:
            sys.exit(f"{when}: acknowledged and missing: {key} {legal}")


def main():
    folder, state = sys.argv[1:3]
    with open(os.environ["CRASH_ACK"]) as f:
        acked = {int(line.split()[1]) for line in f if line.startswith("ack ") and line.endswith("\n")}
    table = allowed_values(read_steps(folder), acked)
    db = os.path.join(state, "db")
    check_answer(db, table, "as found")
    if os.path.exists(db):
        r = run("count-flush", "-d", db)
        complain(r, "count-flush", () if acked else (2,))
        check_answer(db, table, "after a flush")
        if r.returncode == 3:
            r = run("count-flush", "-d", db)
            if r.returncode != 0:
                sys.exit(f"a second count-flush exits {r.returncode}: {r.stderr[:300]!r}")
        names = sorted(os.listdir(os.path.join(db, "blocks"))) if os.path.exists(db + "/blocks") else []
        if r.returncode == 0 and [n for n in names if not n.endswith(".blk")]:
            sys.exit(f"leftovers after a flush: {names}")


main()
