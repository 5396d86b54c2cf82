#!/usr/bin/env python3
"""archive-crash.py make ORACLE DIR | run DIR | check ORACLE DIR - an archive run for crashsim.py; the bucket is a
directory beside the data.

make: DIR/db and DIR/s3, and in ORACLE what they hold.  run: count-archive.  check: is DIR a legal state after a crash?
Local and bucket hold every point; one clean run, without a word but its success, leaves each exactly once.
The bucket is named by way of the working directory, so that its scope, which the index has, is the same everywhere.
"""
import os
import shutil
import sys
from pathlib import Path

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from archive_world import DirBucket, World  # noqa: E402


def world_at(folder, work):
    os.chdir(folder)
    bucket = DirBucket("s3", "bucket")
    bucket.endpoint = "file:///proc/self/cwd/s3"
    bucket.dir = bucket.dir.resolve()
    return World(work, bucket)


def main():
    what, folder = sys.argv[1], os.path.abspath(sys.argv[-1])
    if what == "run":
        os.chdir(folder)
        os.environ.update(S3_ENABLED="true", S3_ENDPOINT="file:///proc/self/cwd/s3", S3_BUCKET="bucket",
                          ARCHIVAL_BATCH_DAYS="0", S3_JOBS="1")
        os.execvp("count-archive", ["count-archive", "-q", "-d", "db"])
    oracle = os.path.abspath(sys.argv[2])
    world = world_at(folder, folder + ".work" if what == "make" else folder)
    if what == "make":
        world.make()
        world.save(oracle)
        shutil.copytree(world.work / "base", Path(folder, "db"))
        return
    world.take_saved(oracle)
    data = Path(folder, "db")
    bad = world.check_covered(data)
    r = world.run("count-archive", "-q", "-d", data)
    if r.returncode != 0 or r.stderr:
        bad.append(f"the clean run: exit {r.returncode}: {r.stderr}")
    bad += world.check_whole(data)
    sys.exit("\n".join(bad) if bad else 0)


main()
