#!/usr/bin/env python3
"""power-cut.py TYPE ROUNDS [SEED] - the power goes while three writers and a flusher are at work.

A file system of TYPE in an image is shut down by the ioctl that drops all that is not on the disk, mounted
again and compared with what was acknowledged; ROUNDS times, in the current directory.  Needs root
and a mount namespace of its own, where the file boot_id stands in for the kernel's boot id.
"""
import fcntl
import os
import random
import struct
import subprocess
import sys
import threading
import time
import uuid

SHUTDOWN = 0x8004587D       # EXT4_IOC_SHUTDOWN, XFS_IOC_GOINGDOWN
NO_LOG_FLUSH = 2
WRITERS = 3
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


class Writer(threading.Thread):
    """Runs count-ingest again and again: batch i is some points of its own and one that it corrects each time."""

    def __init__(self, db, number, start, stop):
        super().__init__()
        self.db, self.series, self.next, self.stop = db, f"w{number}", start, stop
        self.acked = []

    def batch(self, i):
        """time -> value; a batch in thirteen takes many pages."""
        points = {i * 10000 + n: i * 10000.5 + n for n in range(5000 if i % 13 == 7 else 1 + i % 7)}
        points[-1] = float(i)
        return points

    def run(self):
        while not self.stop.is_set():
            text = "".join(f"{self.series} {v!r} {t}\n" for t, v in self.batch(self.next).items())
            done = subprocess.run(["count-ingest", "-q", "--time-unit", "ms", "-d", self.db],
                                  input=text.encode(), **QUIET)
            self.next += 1
            if done.returncode == 0 and not self.stop.is_set():
                self.acked.append(self.next - 1)


class Flusher(threading.Thread):
    def __init__(self, db, stop):
        super().__init__()
        self.db, self.stop = db, stop

    def run(self):
        while not self.stop.is_set():
            subprocess.run(["count-flush", "-q", "-d", self.db], **QUIET)
            time.sleep(0.01)


class Machine:
    def __init__(self, kind, seed):
        self.rnd, self.kind = random.Random(seed), kind
        self.acked = {}         # of the directory in use: writer -> batches
        self.next = [1] * WRITERS
        with open("image", "wb") as f:
            f.truncate(400 << 20)
        subprocess.run([f"mkfs.{kind}", "-q", "image"], check=True)
        os.mkdir("mnt")

    def boot(self):
        with open("boot_id", "w") as f:
            f.write(str(uuid.UUID(int=self.rnd.getrandbits(128))) + "\n")
        subprocess.run(["mount", "-t", self.kind, "-o", "loop", "image", "mnt"], check=True)

    def cut(self, db, seconds):
        """Work on db, and no more after so many seconds."""
        stop = threading.Event()
        writers = [Writer(db, n, self.next[n], stop) for n in range(WRITERS)]
        threads = writers + [Flusher(db, stop)]
        for t in threads:
            t.start()
        time.sleep(seconds)
        fd = os.open("mnt", os.O_RDONLY | os.O_DIRECTORY)
        stop.set()              # an fsync that is under way may be told a success that it is not
        fcntl.ioctl(fd, SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        os.close(fd)
        for t in threads:
            t.join()
        for n, w in enumerate(writers):
            self.next[n] = w.next
            self.acked.setdefault(n, []).extend(w.acked)
        subprocess.run(["umount", "mnt"], check=True)
        return writers

    def check(self, db, writers, when):
        if not any(self.acked.values()) and not os.path.exists(db + "/FORMAT"):
            return []           # cut before it was made
        done = subprocess.run(["count-query", "-d", db], capture_output=True, text=True)
        if done.returncode != 0:
            return [f"{when}: count-query: exit {done.returncode}: {done.stderr}"]
        got, bad = {}, []
        for line in done.stdout.splitlines():
            series, value, stamp = line.split()
            if (series, int(stamp)) in got:
                bad.append(f"{when}: twice: {line}")
            got[series, int(stamp)] = float(value)
        for n, w in enumerate(writers):
            mine = {t: v for (s, t), v in got.items() if s == w.series}
            last = mine.pop(-1, 0)
            acked = self.acked[n]
            if not (acked[-1] if acked else 0) <= last < w.next:
                bad.append(f"{when}: {w.series}: corrected to {last}, acknowledged {acked[-1:]}")
            bad += [f"{when}: changed: {w.series} {v} {t}" for t, v in mine.items()
                    if v != t + t // 10000 * 0.5]
            bad += [f"{when}: {w.series}: batch {i} is lost or in part" for i in acked
                    if any(t >= 0 and t not in mine for t in w.batch(i))]
        return bad

    def round(self, i):
        """Every third round begins with no directory, and is cut while it is made."""
        fresh = i % 3 == 0
        if fresh:
            self.acked, self.next, self.dir = {}, [1] * WRITERS, f"mnt/some/{i}/db"
        self.boot()
        writers = self.cut(self.dir, self.rnd.uniform(0, 0.1) if fresh else self.rnd.uniform(0.1, 0.8))
        self.boot()
        bad = self.check(self.dir, writers, "after the cut")
        if not bad:
            subprocess.run(["count-ingest", "-q", "-n", "later", "-d", self.dir], input=b"1\n", check=True)
            subprocess.run(["count-flush", "-q", "-d", self.dir], check=True)
            bad = self.check(self.dir, writers, "after a flush")
        subprocess.run(["umount", "mnt"], check=True)
        return bad


def main():
    kind, rounds = sys.argv[1], int(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 30)
    machine, total = Machine(kind, seed), 0
    print(f"# {kind}, seed {seed}")
    for i in range(rounds):
        bad = machine.round(i)
        if bad:
            print(f"round {i}:", *bad[:10], sep="\n")
            sys.exit(1)
        total += sum(map(len, machine.acked.values()))
    print(f"# {rounds} cuts, {total} batches found again")


main()
