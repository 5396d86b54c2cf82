#!/usr/bin/env python3
"""archive-kills.py KIND DIR FAULT [SHARE] - an archive run dies at each system call, or the call fails.

KIND: dir (a bucket of file://) or server (S3_ENDPOINT and AWS_... say where).  FAULT: KILL, at each call that changes
or asks for something on disk or network; or an errno: each such call, and each that reads a file of the data
directory or the bucket, fails with it once.  The run ends with 0, 3 or 4 and says why; local and bucket hold every
point meanwhile; and after one clean run everything is as if nothing had been (archive_world.py).
SHARE: one call of so many (default 1: all).
"""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from archive_world import DirBucket, ServerBucket, World, disturb  # noqa: E402

CHANGES = ("write writev pwrite64 fsync fdatasync rename renameat renameat2 unlink unlinkat link linkat mkdir mkdirat "
           "ftruncate flock openat copy_file_range sendfile").split()
NETWORK = "connect socket sendto sendmsg send recvfrom recvmsg recv shutdown".split()
READS = "read pread64 openat fstat newfstatat statx getdents64 mmap".split()
WORKERS = 3


def traced(fault):
    calls = CHANGES + NETWORK if fault == "KILL" else CHANGES + READS + NETWORK
    return ",".join(sorted(set(calls)))


def strace(world, data, *how):
    return world.run("strace", "-qq", "-yy", *how, "count-archive", "-d", str(data), LSAN_OPTIONS="detect_leaks=0",
                     ASAN_OPTIONS="detect_leaks=0:" + os.environ.get("ASAN_OPTIONS", ""))


def calls_of(world, fault):
    """(name, number among those of that name, the rest of the line) of each call to be struck."""
    data, log = world.fresh("data"), str(world.work / "calls")
    r = strace(world, data, "-o", log, "-e", "trace=" + traced(fault))
    if r.returncode != 0:
        sys.exit(f"the undisturbed run: exit {r.returncode}: {r.stderr}")
    bad = world.check_whole(data)
    if bad:
        sys.exit("the undisturbed run: " + "\n".join(bad))
    ours = re.compile("|".join([re.escape(str(data)), re.escape(str(world.work / "s3")), "<TCP", "AF_INET"]))
    counts, found = {}, []
    with open(log, errors="replace") as f:
        for name, rest in re.findall(r"^(\w+)\((.*)$", f.read(), re.M):
            counts[name] = counts.get(name, 0) + 1
            if not ours.search(rest):
                continue
            if fault == "KILL" and name == "openat" and "O_CREAT" not in rest:
                continue
            found.append((name, counts[name], rest[:300]))
    return found


def errors_for(name, fault):
    """What this call can fail with in that way."""
    if name == "mmap":
        return "ENOMEM"
    if name in NETWORK:
        return {"EIO": "ECONNRESET", "ENOSPC": "ENOBUFS"}.get(fault, fault)
    if fault == "ENOSPC" and name in ("read", "pread64", "fstat", "newfstatat", "statx", "getdents64", "flock", "unlinkat"):
        return None
    return {"flock": "ENOLCK"}.get(name, fault)


def one(world, job, fault):
    name, when, rest = job
    error = None if fault == "KILL" else errors_for(name, fault)
    data = world.fresh("data")
    how = "signal=KILL" if fault == "KILL" else "error=" + error
    r = strace(world, data, "-o", "/dev/null", "-e", "trace=" + traced(fault), "-e", f"inject={name}:{how}:when={when}")
    bad = []
    if fault == "KILL":
        # How often a socket is asked depends on how fast the server is.
        if r.returncode not in (-9, 137) and name not in NETWORK:
            bad.append(f"exit {r.returncode}, not killed")
    elif r.returncode not in (0, 3, 4):
        bad.append(f"exit {r.returncode}: {r.stderr}")
    elif r.returncode != 0 and "count-archive: " not in r.stderr:
        bad.append(f"exit {r.returncode} without a word")
    bad += world.check_covered(data)
    again = world.run("count-archive", "-d", data)
    if again.returncode != 0:
        bad.append(f"the clean run: exit {again.returncode}: {again.stderr}")
    bad += world.check_whole(data)
    title = f"{name} number {when}, {error or fault}"
    return ([f"{title} (exit {r.returncode}): {x}; {rest}" for x in bad],
            f"{title}: exit {r.returncode}: {r.stderr.strip()}  <= {rest}")


def main():
    kind, work, fault = sys.argv[1], os.path.abspath(sys.argv[2]), sys.argv[3]
    share = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    worlds = []
    for i in range(WORKERS):
        at = os.path.join(work, str(i))
        bucket = DirBucket(os.path.join(at, "s3"), "bucket") if kind == "dir" else ServerBucket(f"kills-{fault.lower()}-{i}")
        worlds.append(World(at, bucket))
        worlds[i].env.update(S3_TIMEOUT="2", S3_RETRIES="2")
        worlds[i].make()

    def jobs(world):
        calls = calls_of(world, fault)
        print(f"# {len(calls)} calls")
        return [job for job in calls if fault == "KILL" or errors_for(job[0], fault)][::share]

    right, n, seconds = disturb(work, worlds, jobs, lambda world, job: one(world, job, fault))
    print(f"# {n} of them, {fault}, in {seconds:.0f} s")
    sys.exit(0 if right else 1)


main()
