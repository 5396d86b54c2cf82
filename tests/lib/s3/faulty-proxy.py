#!/usr/bin/env python3
"""faulty-proxy.py --to URL [options]: an HTTP proxy that fails as it is told.

It stands between an S3 client and a server on this machine (loopback only).
Requests go on byte for byte, Host header and all, so signatures stay good.

  --to URL            the server: http://127.0.0.1:PORT or https://...
                      (its certificate is not checked)
  --listen PORT       port on 127.0.0.1 (default 0: any; it is printed)
  --rule 'RULE'       what to do to which requests; repeat, first match wins
  --rules FILE        rules, one a line; read again whenever the file changes
  --seed N            for percent= and corrupt (default 1)
  --log FILE          one JSON line for each request (default: none; - stdout)
  --port-file FILE    write the port there when listening
  --cert F --key F    serve HTTPS with this certificate

A RULE is "[METHOD] [WHICH...] ACTION...". METHOD is PUT, GET, ... or *.
WHICH, all must hold:
  path=REGEX          found in the path (as sent: percent-encoded)
  query=REGEX         found in the query string
  nth=N               the Nth request (from 1) that METHOD, path, query match
  first=N             the first N of them         after=N   all after N
  every=N             every Nth of them           try=N     Nth try of the same
  percent=P           P in 100, drawn from seed, method, path, query and which
                      try it is: so the same in every run, in whatever order
ACTION, one or more:
  500 503 4xx ...     answer this instead of asking the server (S3 error XML)
  code=NAME           with that error code      retry-after=S  and this header
  reset               read the request, then reset the connection
  reset-early         reset after the head of the request
  close               close it without an answer
  lost                let the server carry it out, then reset: no answer
  blackhole           take the request, never answer (for=S: S seconds, reset)
  truncate[=N]        cut the answer's body after N bytes (default: half of it)
  corrupt             flip one bit of the answer's body
  corrupt-request     flip one bit of the request's body on its way
  200-error           a 200 answer with an S3 error document as its body
  garbage             bytes that are not HTTP
  latency=MS          wait before the request goes on   jitter=MS  plus 0..MS
  latency-after=MS    wait before the answer goes back
  bandwidth=N         N bytes a second each way
  pass                nothing: go on as usual

GET /.faulty-proxy/settled is answered by the proxy itself, once nothing else is
under way: what is in the log then is all that there was.

Examples: 'PUT nth=3 503'   '* percent=5 reset'   'GET path=\\.cnt$ try=1 truncate'
          '* latency=100 bandwidth=1000000'
"""
import argparse, asyncio, hashlib, ipaddress, json, os, random, re, shlex, signal
import socket, ssl, struct, sys, time, urllib.parse

CODES = {400: "InvalidRequest", 403: "AccessDenied", 404: "NoSuchKey", 409: "OperationAborted",
         412: "PreconditionFailed", 429: "TooManyRequests", 500: "InternalError",
         501: "NotImplemented", 502: "BadGateway", 503: "SlowDown", 504: "GatewayTimeout"}
BLOCK = 65536
SETTLED = "/.faulty-proxy/settled"


class Rule:
    def __init__(self, text):
        self.text, self.method, self.seen = text, "*", 0
        self.which, self.act = {}, {}
        words = shlex.split(text)
        if words and re.fullmatch(r"[A-Z]+|\*|any", words[0]):
            self.method = words.pop(0).replace("any", "*")
        for w in words:
            k, _, v = w.partition("=")
            if k in ("path", "query"):
                self.which[k] = re.compile(v)
            elif k in ("nth", "first", "after", "every", "try"):
                self.which[k] = int(v)
            elif k == "percent":
                self.which[k] = float(v)
            elif re.fullmatch(r"[2-5]\d\d", k):
                self.act["status"] = int(k)
            elif k in ("latency", "jitter", "latency-after", "bandwidth", "for", "retry-after"):
                self.act[k] = float(v)
            elif k == "code":
                self.act[k] = v
            elif k == "truncate":
                self.act[k] = int(v) if v else -1
            elif k in ("reset", "reset-early", "close", "lost", "blackhole", "corrupt",
                       "corrupt-request", "200-error", "garbage", "pass") and not v:
                self.act[k] = True
            else:
                raise ValueError("rule %r: what is %r?" % (text, w))
        if not self.act:
            raise ValueError("rule %r has no action" % text)

    def match(self, seed, method, path, query, attempt):
        w = self.which
        if self.method not in ("*", method):
            return False
        if "path" in w and not w["path"].search(path) or "query" in w and not w["query"].search(query):
            return False
        self.seen += 1
        n = self.seen
        if "nth" in w and n != w["nth"] or "first" in w and n > w["first"] \
                or "after" in w and n <= w["after"] or "every" in w and n % w["every"] \
                or "try" in w and attempt != w["try"]:
            return False
        if "percent" in w:
            return draw(seed, self.text, method, path, query, attempt).random() * 100 < w["percent"]
        return True


def draw(*what):
    return random.Random(int.from_bytes(hashlib.sha256(repr(what).encode()).digest()[:8], "big"))


class Proxy:
    def __init__(self, o):
        self.o = o
        self.fixed = [Rule(r) for r in o.rule]
        self.rules, self.stamp = list(self.fixed), None
        self.tries, self.n, self.conns, self.active = {}, 0, 0, 0
        self.log = None
        if o.log:
            self.log = sys.stdout if o.log == "-" else open(o.log, "a", buffering=1)
        u = urllib.parse.urlsplit(o.to)
        self.host, self.port = u.hostname, u.port or (443 if u.scheme == "https" else 80)
        self.up_tls = None
        if u.scheme == "https":
            self.up_tls = ssl.create_default_context()
            self.up_tls.check_hostname, self.up_tls.verify_mode = False, ssl.CERT_NONE

    def reread(self):
        if not self.o.rules:
            return
        try:
            st = os.stat(self.o.rules)
            stamp = (st.st_mtime_ns, st.st_size, st.st_ino)
            if stamp == self.stamp:
                return
            lines = [l.strip() for l in open(self.o.rules)]
            self.rules = self.fixed + [Rule(l) for l in lines if l and l[0] != "#"]
            self.stamp = stamp
        except FileNotFoundError:
            self.rules, self.stamp = list(self.fixed), None
        except ValueError as e:
            print("faulty-proxy: %s" % e, file=sys.stderr)

    async def serve(self, r, w):
        self.conns += 1
        c = Conn(self, r, w, self.conns)
        try:
            await c.run()
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, Gone, OSError):
            pass
        finally:
            c.close()


class Gone(Exception):
    pass


class Conn:
    def __init__(self, p, r, w, cid):
        self.p, self.r, self.w, self.id = p, r, w, cid
        self.ur = self.uw = None

    def close(self):
        for x in (self.w, self.uw):
            if x:
                try:
                    x.close()
                except Exception:
                    pass

    def reset(self):
        s = self.w.get_extra_info("socket")
        try:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except OSError:
            pass
        self.w.transport.abort()
        raise Gone

    async def head(self, r):
        """-> (raw head, first line, {name: value}), or None at a clean end."""
        try:
            raw = await r.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as e:
            if not e.partial:
                return None
            raise
        lines = raw.decode("latin-1").split("\r\n")
        h = {}
        for l in lines[1:]:
            if l:
                k, _, v = l.partition(":")
                h[k.strip().lower()] = v.strip()
        return raw, lines[0], h

    async def body(self, r, h, none=False, to_end=False):
        """Yields the raw bytes of a body (chunk framing and all)."""
        if none:
            return
        if "chunked" in h.get("transfer-encoding", "").lower():
            while True:
                line = await r.readuntil(b"\r\n")
                yield line
                n = int(line.split(b";")[0], 16)
                if not n:
                    while True:
                        line = await r.readuntil(b"\r\n")
                        yield line
                        if line == b"\r\n":
                            return
                yield await r.readexactly(n + 2)
        elif "content-length" in h:
            left = int(h["content-length"])
            while left:
                d = await r.read(min(left, BLOCK))
                if not d:
                    raise asyncio.IncompleteReadError(b"", left)
                left -= len(d)
                yield d
        elif to_end:
            while True:
                d = await r.read(BLOCK)
                if not d:
                    return
                yield d

    async def run(self):
        while True:
            got = await self.head(self.r)
            if got is None:
                return
            if not await self.one(*got):
                return

    async def one(self, raw, line, h):
        p = self.p
        method, target = (line.split(" ") + ["", ""])[:2]
        path, _, query = target.partition("?")
        if path == SETTLED:
            await self.settled(h)
            return False
        t0 = time.time()
        p.n += 1
        p.active += 1
        key = (method, path, query)
        p.tries[key] = attempt = p.tries.get(key, 0) + 1
        p.reread()
        rule = next((r for r in p.rules if r.match(p.o.seed, method, path, query, attempt)), None)
        a = rule.act if rule else {}
        rec = {"n": p.n, "conn": self.id, "time": round(t0, 6), "method": method, "path": path,
               "query": query, "try": attempt, "status": None, "server_status": None,
               "in": 0, "out": 0, "ms": 0, "fault": None, "rule": rule.text if rule else None,
               "headers": {k: v for k, v in h.items() if k in (
                   "range", "if-match", "if-none-match", "content-length", "content-encoding",
                   "content-md5", "expect", "user-agent", "x-amz-content-sha256") or
                   k.startswith(("x-amz-checksum", "x-amz-storage", "x-amz-server-side", "x-amz-tagging",
                                 "x-amz-object-lock", "x-amz-acl"))}}
        try:
            return await self.handle(raw, h, method, a, rec, draw(p.o.seed, key, attempt))
        except Gone:
            return False
        except (ConnectionError, asyncio.IncompleteReadError, OSError) as e:
            rec["error"] = type(e).__name__
            return False
        finally:
            p.active -= 1
            rec["ms"] = round((time.time() - t0) * 1000, 2)
            if p.log:
                p.log.write(json.dumps(rec, ensure_ascii=False) + "\n")
                p.log.flush()

    async def settled(self, h):
        while self.p.active:
            await asyncio.sleep(0.005)
        await self.answer(200, b"", {"method": "GET", "n": 0}, close=True)

    async def swallow(self, h, rec):
        if h.get("expect", "").lower() == "100-continue":
            self.w.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        async for d in self.body(self.r, h):
            rec["in"] += len(d)

    async def pace(self, n, a):
        if a.get("bandwidth"):
            await asyncio.sleep(n / a["bandwidth"])

    def step(self, a):
        return max(1, min(BLOCK, int(a["bandwidth"] / 10))) if a.get("bandwidth") else BLOCK

    async def answer(self, status, body, rec, extra="", close=False):
        rec["status"], rec["out"] = status, len(body)
        self.w.write(("HTTP/1.1 %d %s\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n"
                      "x-amz-request-id: FAULTYPROXY%d\r\n%s%s\r\n" % (
                          status, CODES.get(status, "OK"), len(body), rec["n"], extra,
                          "Connection: close\r\n" if close else "")).encode() +
                     (b"" if rec["method"] == "HEAD" else body))
        await self.w.drain()

    async def handle(self, raw, h, method, a, rec, rnd):
        fault = next((k for k in ("reset-early", "reset", "close", "blackhole", "garbage", "200-error",
                                  "status", "lost", "truncate", "corrupt", "corrupt-request") if k in a), None)
        rec["fault"] = fault or ("slow" if a and "pass" not in a else None)
        wait = a.get("latency", 0) + rnd.random() * a.get("jitter", 0)
        if wait:
            await asyncio.sleep(wait / 1000)
        if fault == "reset-early":
            self.reset()
        if fault in ("reset", "close", "blackhole", "garbage", "200-error", "status"):
            await self.swallow(h, rec)
            if fault == "reset":
                self.reset()
            if fault == "close":
                return False
            if fault == "blackhole":
                try:       # until the client gives up, or for=S
                    await asyncio.wait_for(self.r.read(1), a.get("for") or 3600)
                except asyncio.TimeoutError:
                    pass
                self.reset()
            if fault == "garbage":
                self.w.write(b"\x16\x03\x01 this is not HTTP\r\n\r\n" * 3)
                await self.w.drain()
                return False
            status = a.get("status", 200)
            code = a.get("code") or (CODES.get(status) if status != 200 else "InternalError")
            body = ('<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>%s</Code><Message>made by '
                    'faulty-proxy</Message><RequestId>FAULTYPROXY%d</RequestId></Error>' % (code, rec["n"])).encode()
            extra = "Retry-After: %g\r\n" % a["retry-after"] if "retry-after" in a else ""
            await self.answer(status, body, rec, extra)
            return h.get("connection", "").lower() != "close"
        if self.uw is None:
            try:
                self.ur, self.uw = await asyncio.open_connection(
                    self.p.host, self.p.port, ssl=self.p.up_tls, limit=1 << 20)
            except OSError:
                await self.swallow(h, rec)
                rec["error"] = "no server"
                await self.answer(502, b"", rec, close=True)
                return False
        up = asyncio.ensure_future(self.upload(raw, h, a, rec, rnd))
        try:
            return await self.download(method, h, a, rec, rnd, up, fault)
        finally:
            if not up.done():
                up.cancel()
            await asyncio.gather(up, return_exceptions=True)

    async def upload(self, raw, h, a, rec, rnd):
        self.uw.write(raw)
        await self.uw.drain()
        total = int(h.get("content-length", 0))
        flip = rnd.randrange(total) if a.get("corrupt-request") and total else -1
        async for d in self.body(self.r, h):
            if 0 <= flip - rec["in"] < len(d):
                i = flip - rec["in"]
                d = d[:i] + bytes([d[i] ^ (1 << rnd.randrange(8))]) + d[i + 1:]
            rec["in"] += len(d)
            s = self.step(a)
            for i in range(0, len(d), s):
                self.uw.write(d[i:i + s])
                await self.uw.drain()
                await self.pace(len(d[i:i + s]), a)

    async def download(self, method, req, a, rec, rnd, up, fault):
        while True:
            got = await self.head(self.ur)
            if got is None:
                self.reset()          # the server went away without an answer
            raw, line, h = got
            status = int(line.split(" ")[1])
            if status // 100 != 1:
                break
            self.w.write(raw)         # 100 Continue
            await self.w.drain()
        rec["server_status"] = status
        if a.get("latency-after"):
            await asyncio.sleep(a["latency-after"] / 1000)
        none = method == "HEAD" or status in (204, 304)
        length = int(h.get("content-length", 0)) if not none else 0
        if fault == "lost":
            async for d in self.body(self.ur, h, none, True):
                pass
            self.reset()
        rec["status"] = status
        stop = -1
        if fault == "truncate":
            stop = a["truncate"] if a["truncate"] >= 0 else length // 2
        flip = rnd.randrange(length) if fault == "corrupt" and length else -1
        self.w.write(raw)
        await self.w.drain()
        async for d in self.body(self.ur, h, none, True):
            if 0 <= flip - rec["out"] < len(d):
                i = flip - rec["out"]
                d = d[:i] + bytes([d[i] ^ (1 << rnd.randrange(8))]) + d[i + 1:]
            s = self.step(a)
            for i in range(0, len(d), s):
                piece = d[i:i + s]
                if stop >= 0 and rec["out"] + len(piece) >= stop:
                    piece = piece[:stop - rec["out"]]
                    self.w.write(piece)
                    await self.w.drain()
                    rec["out"] += len(piece)
                    return False
                self.w.write(piece)
                rec["out"] += len(piece)
                await self.w.drain()
                await self.pace(len(piece), a)
        if fault == "truncate":
            return False
        keep = "close" not in (h.get("connection", "") + req.get("connection", "")).lower() \
            and (none or "content-length" in h or "transfer-encoding" in h)
        if keep and not up.done():
            await up                  # an early answer: take the rest of the body
        return keep


async def main():
    ap = argparse.ArgumentParser(usage=__doc__.replace("%", "%%"), add_help=False)
    ap.add_argument("--to", required=True)
    ap.add_argument("--listen", type=int, default=0)
    ap.add_argument("--rule", action="append", default=[])
    ap.add_argument("--rules")
    ap.add_argument("--seed", default="1")
    ap.add_argument("--log")
    ap.add_argument("--port-file")
    ap.add_argument("--cert")
    ap.add_argument("--key")
    o = ap.parse_args()
    host = urllib.parse.urlsplit(o.to).hostname or ""
    if host != "localhost" and not ipaddress.ip_address(host).is_loopback:
        sys.exit("faulty-proxy.py: %s is not on this machine" % o.to)
    try:
        p = Proxy(o)
        p.reread()
    except ValueError as e:
        sys.exit("faulty-proxy: %s" % e)
    tls = None
    if o.cert:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(o.cert, o.key)
    srv = await asyncio.start_server(p.serve, "127.0.0.1", o.listen, ssl=tls, limit=1 << 20)
    port = srv.sockets[0].getsockname()[1]
    if o.port_file:
        with open(o.port_file + ".new", "w") as f:
            f.write("%d\n" % port)
        os.rename(o.port_file + ".new", o.port_file)
    if o.log != "-":
        print("export S3_ENDPOINT=%s://127.0.0.1:%d" % ("https" if tls else "http", port), flush=True)
    end = asyncio.Event()
    for s in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(s, end.set)
    await end.wait()
    os._exit(0)


asyncio.run(main())
