#!/usr/bin/env python3
"""s3req.py [options] METHOD [KEY [QUERY]]: one signed S3 request, to stdout.

A second, independent S3 client (Python's standard library only; Signature
Version 4, path-style addresses), for setting up and checking what the
toolchain did. Takes S3_ENDPOINT, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
AWS_SESSION_TOKEN, S3_REGION and S3_BUCKET from the environment.

  -H 'Name: value'   a header more (repeat); signed like all others
  -d FILE            body (- is stdin)
  -b BUCKET          instead of S3_BUCKET ('' for the list of buckets)
  -i                 print status line and headers too
  -u                 sign as UNSIGNED-PAYLOAD
  -p SECONDS         don't send: print a presigned URL good for SECONDS
  -l PREFIX          all keys that begin with it, one a line (no METHOD)
  -k                 don't check the TLS certificate (else: S3_CA_BUNDLE)
Exit status 0 for 2xx, 1 for another answer, 2 for no answer.
"""
import datetime, hashlib, hmac, http.client, os, ssl, sys, urllib.parse
import xml.etree.ElementTree

EMPTY = hashlib.sha256(b"").hexdigest()


def quote(s, safe=""):
    if isinstance(s, str):
        s = s.encode("utf-8", "surrogateescape")
    return urllib.parse.quote(s, safe=safe + "-._~")


def _mac(key, msg):
    return hmac.new(key, msg.encode(), hashlib.sha256).digest()


class S3:
    retry_stale = False     # once more when a kept connection turns out to be dead

    def __init__(self, endpoint, access, secret, region="us-east-1", token=None,
                 cafile=None, insecure=False, timeout=30):
        u = urllib.parse.urlsplit(endpoint)
        self.tls, self.netloc, self.timeout = u.scheme == "https", u.netloc, timeout
        self.access, self.secret, self.region, self.token = access, secret, region, token
        self.endpoint = endpoint.rstrip("/")
        self.ctx = None
        if self.tls:
            self.ctx = ssl.create_default_context(cafile=cafile)
            if insecure:
                self.ctx.check_hostname, self.ctx.verify_mode = False, ssl.CERT_NONE
        self.conn = None

    @classmethod
    def from_env(cls, env=os.environ, **kw):
        return cls(env["S3_ENDPOINT"], env["AWS_ACCESS_KEY_ID"],
                   env["AWS_SECRET_ACCESS_KEY"], env.get("S3_REGION", "us-east-1"),
                   env.get("AWS_SESSION_TOKEN"), env.get("S3_CA_BUNDLE"), **kw)

    def path(self, bucket="", key=None):
        p = "/" + quote(bucket)
        if key is not None:
            p += "/" + quote(key, "/")
        return p

    def _sign(self, method, path, query, headers, payload_hash, now):
        scope = "%s/%s/s3/aws4_request" % (now[:8], self.region)
        names = sorted(headers)
        canonical = "\n".join([
            method, path,
            "&".join(sorted("%s=%s" % (quote(k), quote(v)) for k, v in query)),
            "".join("%s:%s\n" % (n, " ".join(headers[n].split())) for n in names),
            ";".join(names), payload_hash])
        to_sign = "\n".join(["AWS4-HMAC-SHA256", now, scope,
                             hashlib.sha256(canonical.encode()).hexdigest()])
        k = _mac(("AWS4" + self.secret).encode(), now[:8])
        for part in (self.region, "s3", "aws4_request"):
            k = _mac(k, part)
        return scope, ";".join(names), hmac.new(k, to_sign.encode(), hashlib.sha256).hexdigest()

    def request(self, method, bucket="", key=None, query=(), headers=None, body=b"",
                payload_hash=None, skew=0, host=None, mangle=None):
        """-> (status, {lower-case name: value}, body); keeps the connection."""
        query = list(query.items() if isinstance(query, dict) else query)
        t = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=skew)
        now = t.strftime("%Y%m%dT%H%M%SZ")
        h = {k.lower(): v for k, v in (headers or {}).items()}
        payload_hash = payload_hash or (hashlib.sha256(body).hexdigest() if body else EMPTY)
        h["host"] = host or self.netloc
        h["x-amz-date"] = now
        h["x-amz-content-sha256"] = payload_hash
        if self.token:
            h["x-amz-security-token"] = self.token
        path = self.path(bucket, key)
        scope, names, sig = self._sign(method, path, query, h, payload_hash, now)
        h["authorization"] = ("AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s"
                              % (self.access, scope, names, sig))
        target = path + ("?" + "&".join("%s=%s" % (quote(k), quote(v)) for k, v in query)
                         if query else "")
        if mangle:
            target, h, body = mangle(target, h, body)
        return self.send(method, target, h, body)

    def send(self, method, target, headers, body=b""):
        for attempt in (0, 1):
            fresh = self.conn is None
            if fresh:
                cls = http.client.HTTPSConnection if self.tls else http.client.HTTPConnection
                self.conn = cls(self.netloc, timeout=self.timeout,
                                **({"context": self.ctx} if self.tls else {}))
            try:
                c = self.conn
                c.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
                for k, v in headers.items():
                    c.putheader(k, v.encode())
                if (body or method in ("PUT", "POST")) and "content-length" not in headers:
                    c.putheader("Content-Length", str(len(body)))
                c.endheaders(body or None)
                r = c.getresponse()
                data = r.read()
                hdr = {k.lower(): v for k, v in r.getheaders()}
                if r.will_close:
                    self.close()
                return r.status, hdr, data
            except (http.client.RemoteDisconnected, ConnectionError, BrokenPipeError):
                self.close()
                if fresh or attempt or not self.retry_stale:
                    raise
            except Exception:
                self.close()
                raise

    def presign(self, method, bucket, key=None, expires=300, query=(), skew=0):
        t = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=skew)
        now = t.strftime("%Y%m%dT%H%M%SZ")
        q = list(query) + [
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
            ("X-Amz-Credential", "%s/%s/%s/s3/aws4_request" % (self.access, now[:8], self.region)),
            ("X-Amz-Date", now), ("X-Amz-Expires", str(expires)),
            ("X-Amz-SignedHeaders", "host")]
        if self.token:
            q.append(("X-Amz-Security-Token", self.token))
        path = self.path(bucket, key)
        _, _, sig = self._sign(method, path, q, {"host": self.netloc}, "UNSIGNED-PAYLOAD", now)
        return "%s%s?%s&X-Amz-Signature=%s" % (
            self.endpoint, path, "&".join("%s=%s" % (quote(k), quote(v)) for k, v in q), sig)

    def close(self):
        if self.conn:
            self.conn.close()
        self.conn = None


def list_keys(s3, bucket, prefix):
    more = []
    while True:
        status, _, data = s3.request("GET", bucket, None, [("list-type", "2"), ("prefix", prefix)] + more)
        if status != 200:
            sys.exit("s3req: HTTP %d for the list" % status)
        root = xml.etree.ElementTree.fromstring(data)
        ns = root.tag[:root.tag.find("}") + 1]
        for key in root.iter(ns + "Key"):
            print(key.text)
        token = root.findtext(ns + "NextContinuationToken")
        if root.findtext(ns + "IsTruncated") != "true" or not token:
            return 0
        more = [("continuation-token", token)]


def main(argv):
    import getopt
    try:
        opts, args = getopt.getopt(argv, "H:d:b:iup:l:k")
        if not 1 <= len(args) <= 3 and not any(o == "-l" for o, _ in opts):
            raise getopt.GetoptError("METHOD is missing")
    except getopt.GetoptError as e:
        sys.exit("s3req: %s\n%s" % (e, __doc__))
    prefix = None
    headers, body, bucket, show, unsigned, presign, insecure = {}, b"", None, 0, 0, 0, False
    for o, v in opts:
        if o == "-H":
            n, _, x = v.partition(":")
            headers[n.strip()] = x.strip()
        elif o == "-d":
            body = sys.stdin.buffer.read() if v == "-" else open(v, "rb").read()
        elif o == "-b": bucket = v
        elif o == "-i": show = 1
        elif o == "-u": unsigned = 1
        elif o == "-p": presign = int(v)
        elif o == "-k": insecure = True
        elif o == "-l": prefix = v
    if bucket is None:
        bucket = os.environ.get("S3_BUCKET", "")
    key = args[1] if len(args) > 1 and args[1] != "" else None
    query = urllib.parse.parse_qsl(args[2], keep_blank_values=True) if len(args) > 2 else []
    s3 = S3.from_env(insecure=insecure)
    if prefix is not None:
        return list_keys(s3, bucket, prefix)
    if presign:
        print(s3.presign(args[0], bucket, key, presign, query))
        return 0
    try:
        status, hdr, data = s3.request(args[0], bucket, key, query, headers, body,
                                       "UNSIGNED-PAYLOAD" if unsigned else None)
    except OSError as e:
        print("s3req: no answer: %s" % e, file=sys.stderr)
        return 2
    except http.client.HTTPException as e:
        print("s3req: bad answer: %r" % e, file=sys.stderr)
        return 2
    if show:
        print("HTTP %d" % status)
        for k, v in hdr.items():
            print("%s: %s" % (k, v))
        print(flush=True)
    sys.stdout.buffer.write(data)
    if status // 100 != 2:
        print("s3req: HTTP %d" % status, file=sys.stderr)
    return 0 if status // 100 == 2 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
