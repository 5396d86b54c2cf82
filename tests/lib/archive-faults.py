#!/usr/bin/env python3
"""archive-faults.py DIR [SHARE] - each request of an archive run is hit by each fault of the network.

A server is there, S3_ENDPOINT and AWS_... say where.  For each request of a run, each fault that faulty-proxy.py knows
and each of three ways: it strikes this request once; each time it is tried; and all that follow.  The run must end
with 0 or 4 and say why, local and bucket must hold every point meanwhile, and after one clean run everything
is as if nothing had been (archive_world.py).  SHARE: one combination of so many (default 1: all).
"""
import json
import os
import re
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from archive_world import LIB, ServerBucket, World, disturb  # noqa: E402

FAULTS = ["503", "503 retry-after=1", "500", "501", "403", "404", "409", "412", "reset", "reset-early", "close", "lost",
          "blackhole", "truncate", "corrupt", "corrupt-request", "200-error", "garbage", "latency=300"]
WAYS = ["once", "always", "onward"]
WORKERS = 3


class Proxied(World):
    """A world whose tools reach the bucket through a proxy of its own."""

    def __init__(self, work, bucket):
        super().__init__(work, bucket)
        self.rules, self.log, port = self.work / "rules", self.work / "log", self.work / "port"
        self.direct = self.env
        self.rule("")
        self.log.touch()
        self.proxy = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", sys.executable, LIB / "s3" / "faulty-proxy.py", "--to", bucket.endpoint,
             "--rules", self.rules, "--log", self.log, "--port-file", port], stdout=subprocess.DEVNULL)
        while not port.exists() or not port.read_text():
            time.sleep(0.05)
        self.env = dict(self.env, S3_ENDPOINT=f"http://127.0.0.1:{port.read_text().strip()}",
                        S3_TIMEOUT="1", S3_RETRIES="2", no_proxy="127.0.0.1")

    def rule(self, text):
        new = self.work / "rules.new"
        new.write_text(text + "\n")
        os.replace(new, self.rules)

    def logged(self):
        urllib.request.urlopen(self.env["S3_ENDPOINT"] + "/.faulty-proxy/settled").read()
        return [json.loads(line) for line in self.log.read_text().splitlines()]


def rule_for(world, req, number, fault, way):
    if way == "once":
        return f"* nth={number} {fault}"
    if way == "onward":
        return f"* after={number - 1} {fault}"
    # The first world's request: others have another bucket and another name of the probe.
    path = re.sub("^/[^/]*", "/" + world.bucket.name, req["path"])
    path = "^" + re.sub("probe-[0-9a-f]*", "probe-.*", re.escape(path).replace("\\-", "-")) + "$"
    return f"{req['method']} path='{path}' {fault}"


def one(world, combination):
    number, req, fault, way = combination
    data = world.fresh("data")
    world.rule(rule_for(world, req, number, fault, way))
    r = world.run("count-archive", "-d", data)
    world.rule("")
    bad = []
    if r.returncode not in (0, 4):
        bad.append(f"exit {r.returncode}")
    errors = [x for x in r.stderr.splitlines() if "Error during S3 archival: " in x]
    if r.returncode == 4 and (not errors or not all(re.search(r"count-data/|127\.0\.0\.1|" + world.bucket.name, x)
                                                     for x in errors)):
        bad.append("no error that names a key or a bucket")
    if r.returncode == 0 and errors:
        bad.append("errors, but exit 0")
    if bad:
        bad.append(f"stderr: {r.stderr}")
    bad += world.check_covered(data)
    again = world.run("count-archive", "-d", data)
    if again.returncode != 0:
        bad.append(f"the clean run: exit {again.returncode}: {again.stderr}")
    bad += world.check_whole(data)
    name = f"{number} {req['method']} {urllib.parse.unquote(req['path'])}, {fault} {way}"
    said = f"{name}: exit {r.returncode}: {r.stderr.strip()}"
    return [f"{name}: {x}" for x in bad], said


def combinations(world):
    before = len(world.logged())
    data = world.fresh("data")
    world.must("count-archive", "-q", "-d", data)
    requests = world.logged()[before:]
    bad = world.check_whole(data)
    if bad:
        sys.exit("the undisturbed run: " + "\n".join(bad))
    print(f"# {len(requests)} requests: " + " ".join(x["method"] for x in requests))
    return [(i + 1, req, fault, way) for i, req in enumerate(requests) for fault in FAULTS for way in WAYS]


def main():
    work, share = os.path.abspath(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    worlds = []
    for i in range(WORKERS):
        worlds.append(Proxied(os.path.join(work, str(i)), ServerBucket(f"faults-{i}")))
        worlds[i].make()
    right, n, seconds = disturb(work, worlds, lambda world: combinations(world)[::share], one)
    print(f"# {n} combinations in {seconds:.0f} s")
    sys.exit(0 if right else 1)


main()
