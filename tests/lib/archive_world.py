"""archive_world.py - a bucket, a data directory and the points that both hold together, for tests that disturb
count-archive: archive-faults.py, archive-kills.py.

The run that is disturbed has everything to do: a first look at the bucket and its abilities, a late point that makes
an object be written anew, what was replaced long ago and is to be deleted, a longer series, new ones, and young
points that stay.  World.check_whole() is what must hold afterwards.  disturb() makes many such runs, some at once.
"""
import concurrent.futures
import importlib.util
import json
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIB = Path(__file__).resolve().parent
PREFIX = "count-data/"
AGG = ("--step", "1d", "--agg", "count,min,max,first,last")


def load(path):
    spec = importlib.util.spec_from_file_location(Path(path).stem.replace("-", "_"), path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class DirBucket:
    """A bucket of file://."""

    def __init__(self, root, name):
        self.endpoint, self.name, self.dir = f"file://{root}", name, Path(root, name)
        self.dir.mkdir(parents=True, exist_ok=True)

    def read(self):
        return {str(p.relative_to(self.dir)): p.read_bytes()
                for p in self.dir.rglob("*") if p.is_file() and ".count-" not in str(p)}

    def put(self, key, body):
        (self.dir / key).parent.mkdir(parents=True, exist_ok=True)
        (self.dir / key).write_bytes(body)

    def fill(self, objects):
        shutil.rmtree(self.dir)
        self.dir.mkdir()
        for key, body in objects.items():
            self.put(key, body)


class ServerBucket:
    """A bucket of the server that the environment names, reached without our code."""

    def __init__(self, name):
        self.module = load(LIB / "s3" / "s3req.py")
        self.endpoint, self.name = os.environ["S3_ENDPOINT"], name
        self.s3 = self.module.S3.from_env()
        self.s3.retry_stale = True
        self.call("PUT", None)

    def call(self, method, key, query=(), body=b""):
        status, _, answer = self.s3.request(method, self.name, key, query, body=body)
        if status >= 300:
            sys.exit(f"{method} {self.name} {key}: {status} {answer[:200]!r}")
        return answer

    def keys(self):
        out = self.call("GET", None, [("list-type", "2")])
        return [k.replace("&quot;", '"').replace("&amp;", "&")
                for k in re.findall("<Key>(.*?)</Key>", out.decode())]

    def read(self):
        return {key: self.call("GET", key) for key in self.keys()}

    def put(self, key, body):
        self.call("PUT", key, body=body)

    def fill(self, objects):
        old = self.read()
        for key in old:
            if key not in objects:
                self.call("DELETE", key)
        for key, body in objects.items():
            if old.get(key) != body:
                self.put(key, body)


class World:
    def __init__(self, work, bucket):
        self.work, self.bucket = Path(work), bucket
        self.work.mkdir(parents=True, exist_ok=True)
        self.env = dict(os.environ, S3_ENABLED="true", S3_ENDPOINT=bucket.endpoint, S3_BUCKET=bucket.name,
                        ARCHIVAL_BATCH_DAYS="0", CACHE_SIZE="0", S3_JOBS="1")
        self.midnight = int(time.time()) // 86400 * 86400

    def run(self, *argv, text="", off=False, **env):
        e = dict(self.env, **env)
        if off:
            e["S3_ENABLED"] = "false"
        return subprocess.run(argv, input=text, capture_output=True, text=True, timeout=120, env=e)

    def must(self, *argv, **kw):
        r = self.run(*argv, **kw)
        if r.returncode != 0:
            sys.exit(f"{' '.join(map(str, argv))}: exit {r.returncode}: {r.stderr}")
        return r.stdout

    def lines(self, name, from_days, to_days, step, values):
        t = range(self.midnight - from_days * 86400, self.midnight - to_days * 86400, step)
        return [f"{name} {values[i % len(values)]} {s}\n" for i, s in enumerate(t)]

    def make(self):
        """Fills the bucket, and makes work/base, the directory that the run will work on."""
        old = self.lines("a", 40, 30, 7200, [1, 2.5, -3, 1e300]) + self.lines("b", 40, 30, 7200, [7, 8, 9.25])
        late = [f"a 99 {self.midnight - 35 * 86400 + 5}\n"]
        first = self.work / "first"
        for lines in (old, late):
            self.must("count-ingest", "-q", "-d", first, text="".join(lines))
            self.must("count-archive", "-q", "-d", first)
        self.age_garbage()
        new = [f"a 100 {self.midnight - 34 * 86400 + 7}\n", f"a -0 {self.midnight - 40 * 86400}\n"]
        new += self.lines("b", 30, 12, 7200, [11, 12, 13.125, "NaN"])
        new += self.lines('mem{host="x/y"}', 25, 20, 3600, [0.1, 0.2, -0.30000000000000004])
        hot = self.lines("one", 20, 19, 86400, ["+Inf"]) + self.lines("young", 3, 1, 3600, [5])
        base, whole = self.work / "base", self.work / "whole"
        self.must("count-ingest", "-q", "-d", base, text="".join(new))
        self.must("count-flush", "-q", "-d", base)
        self.must("count-ingest", "-q", "-d", base, text="".join(hot))
        for lines in (old, late, new, hot):
            self.must("count-ingest", "-q", "-d", whole, text="".join(lines))
        self.seed = self.bucket.read()
        self.points = self.must("count-query", "-d", whole, off=True)
        self.aggregates = self.must("count-query", "-d", whole, *AGG, off=True)
        cutoff = (self.midnight - 14 * 86400) * 1000
        rows = [(int(line.rsplit(" ", 1)[1]), line) for line in self.points.splitlines(True)]
        self.old = "".join(line for t, line in rows if t < cutoff)
        self.young = "".join(line for t, line in rows if t >= cutoff)

    KEPT = "points aggregates old young midnight".split()

    def save(self, path):
        Path(path).write_text(json.dumps({k: getattr(self, k) for k in self.KEPT}))

    def take_saved(self, path):
        for name, value in json.loads(Path(path).read_text()).items():
            setattr(self, name, value)

    def age_garbage(self):
        key = PREFIX + "a/manifest.json"
        m = json.loads(self.bucket.read()[key])
        assert len(m["garbage"]) == 1
        m["garbage"][0]["since"] -= 90000
        self.bucket.put(key, json.dumps(m).encode())

    def fresh(self, name):
        """The state before the run; the data directory."""
        data = self.work / name
        shutil.rmtree(data, ignore_errors=True)
        shutil.copytree(self.work / "base", data)
        self.bucket.fill(self.seed)
        return data

    # ---- What must hold ----

    def differs(self, what, want, r, ok=(0,)):
        if r.returncode not in ok:
            return [f"{what}: exit {r.returncode}: {r.stderr.strip()}"]
        if r.stdout == want:
            return []
        a, b = want.splitlines(), r.stdout.splitlines()
        missing, extra = [x for x in a if x not in set(b)], [x for x in b if x not in set(a)]
        return [f"{what}: {len(missing)} missing, {len(extra)} other: {missing[:2]} {extra[:2]}"]

    def check_covered(self, data):
        """Local and bucket together: every point once, whatever happened.  Looks with a copy."""
        copy = Path(str(data) + ".copy")
        shutil.copytree(data, copy)
        bad = self.differs("query at once", self.points, self.run("count-query", "-d", copy))
        shutil.rmtree(copy)
        return bad

    def verify(self, data):
        r = self.run("count-manifest", "verify", "--deep", "-d", data)
        bad = [] if r.returncode == 0 else [f"verify: exit {r.returncode}: {r.stderr}{r.stdout}"]
        return bad, [line for line in r.stdout.splitlines() if line.startswith("orphan\t")]

    def check_whole(self, data):
        """Exactly once, in the bucket or here, bit for bit; nothing left behind.  After a clean run."""
        bad = self.differs("query", self.points, self.run("count-query", "-d", data))
        bad += self.differs("aggregates", self.aggregates, self.run("count-query", "-d", data, *AGG))
        bad += self.differs("local points", self.young, self.run("count-query", "-q", "-d", data, off=True))
        if "pinned" in (data / "CURRENT").read_text():
            bad.append("something is pinned")
        bad += [f"left: {n}" for n in os.listdir(data / "blocks") if not n.endswith(".blk")]
        more, orphans = self.verify(data)
        if orphans:
            r = self.run("count-manifest", "repair", "-d", data)
            more += [] if r.returncode == 0 else [f"repair: exit {r.returncode}: {r.stderr}{r.stdout}"]
            again, left = self.verify(data)
            more += again + [f"repair left {x}" for x in left]
            more += self.differs("query after repair", self.points, self.run("count-query", "-d", data))
        return bad + more + self.read_independently()

    def read_independently(self):
        """The bucket as count-manifest(5) describes it: no point in two objects, all hashes and statistics right."""
        with tempfile.TemporaryDirectory(dir=self.work) as tmp:
            for key, body in self.bucket.read().items():
                Path(tmp, "b", key).parent.mkdir(parents=True, exist_ok=True)
                Path(tmp, "b", key).write_bytes(body)
            Path(tmp, "points").write_text(self.old)
            r = subprocess.run([sys.executable, LIB / "read-bucket.py", Path(tmp, "b"), Path(tmp, "points")],
                               capture_output=True, text=True)
        return [] if r.returncode == 0 else [f"read-bucket: {r.stdout}{r.stderr}"]


def disturb(work, worlds, list_jobs, one):
    """Calls one(world, job) for each job of list_jobs(world), in as many threads as there are worlds.

    It returns the complaints, which are printed, and what the run said, which goes to the file WORK/said; the result
    is (right, jobs, seconds).
    """
    free = queue.Queue()
    jobs = list_jobs(worlds[0])
    for world in worlds:
        free.put(world)

    def with_world(job):
        world = free.get()
        try:
            return one(world, job)
        finally:
            free.put(world)

    started, right = time.time(), bool(jobs)
    with concurrent.futures.ThreadPoolExecutor(len(worlds)) as pool, open(os.path.join(work, "said"), "w") as said:
        for bad, text in pool.map(with_world, jobs):
            right = right and not bad
            said.write(text + "\n")
            said.flush()
            for x in bad:
                print(x, flush=True)
    return right, len(jobs), time.time() - started
