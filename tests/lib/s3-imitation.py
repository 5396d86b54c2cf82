#!/usr/bin/env python3
"""s3-imitation.py SECRET - a bucket on loopback that behaves as the first part of a key says.

For tests of the client: what real servers do too seldom, or not at all on one machine.  It prints its
port, and ends with its standard input.  Every signature is checked, by code of its own (AWS Signature
Version 4, from the description in the IAM user guide).  It also plays an HTTP proxy (absolute
request targets), so that hosts of AWS can be imitated.

  plain/...                 as S3: conditions with quoted ETags, ranges, checksums echoed
  code-STATUS-CODE/...      always this answer; once-STATUS-CODE[-S]/...: to the first request, with
                            Retry-After: S; then as plain
  lost/...                  the first PUT is stored, and the connection closed without a word
  lost-foreign/...          ... but somebody else's bytes are what is stored
  early200/...              the first PUT is answered 200 with an error in the body
  moved/...                 the bucket is in eu-test-1: 301 and x-amz-bucket-region
  moved-body/...            the same in the body alone, 400 AuthorizationHeaderMalformed
  elsewhere/...             307 with a Location
  skew/...                  the server's clock is an hour ahead
  token/...                 ExpiredToken unless the session token is "token-2"
  cut/...                   half of the body, the first time; cut-always/...
  no-etag/... no-length/... whole/... (knows no ranges)  stall/... (never answers)  garbage/...
  mirror/...                400, and says the head of the request back, session token and all
  bare/...                  If-Match wants the ETag without quotes
  last                      GET: the head of the last PUT, a line each
"""
import base64, datetime, email.utils, hashlib, hmac, html, http.server, os, re, socketserver, sys, threading, time
import urllib.parse

SECRET = sys.argv[1]
store, seen, last = {}, {}, [""]
lock = threading.Lock()


def mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def signature_good(self, path, query, body):
        m = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, "
                         r"SignedHeaders=([^,]+), Signature=([0-9a-f]{64})", self.headers.get("Authorization", ""))
        if not m:
            return False
        _, day, self.region, names, sign = m.groups()
        must = {"host", "x-amz-date", "x-amz-content-sha256"} | {
            n.lower() for n in self.headers if n.lower().startswith("x-amz-")}
        if not must <= set(names.split(";")):
            return False
        if hashlib.sha256(body).hexdigest() != self.headers["x-amz-content-sha256"]:
            return False
        head = "".join("%s:%s\n" % (n, " ".join(self.headers[n].split())) for n in names.split(";"))
        query = "&".join(sorted(query.split("&"))) if query else ""
        text = "\n".join([self.command, path, query, head, names, self.headers["x-amz-content-sha256"]])
        key = ("AWS4" + SECRET).encode()
        for part in (day, self.region, "s3", "aws4_request"):
            key = mac(key, part)
        want = mac(key, "\n".join(["AWS4-HMAC-SHA256", self.headers["x-amz-date"],
                                   "%s/%s/s3/aws4_request" % (day, self.region),
                                   hashlib.sha256(text.encode()).hexdigest()])).hex()
        return hmac.compare_digest(sign, want)

    def answer(self, status, body=b"", head=(), length=None, date=None):
        self.send_response_only(status)
        self.send_header("Date", email.utils.formatdate(date or time.time(), usegmt=True))
        self.send_header("x-amz-request-id", "0123456789ABCDEF")
        for name, value in head:
            self.send_header(name, value)
        if length is None:
            length = len(body)
        if length >= 0 and status not in (204, 304):
            self.send_header("Content-Length", str(length))
        else:
            self.close_connection = length < 0
        self.end_headers()
        if self.command != "HEAD" and status not in (204, 304):
            self.wfile.write(body)
            if length != len(body):
                self.close_connection = True

    def error(self, status, code, extra="", head=(), date=None):
        self.answer(status, ("<?xml version=\"1.0\"?><Error><Code>%s</Code><Message>says the imitation"
                             "</Message>%s</Error>" % (code, extra)).encode(), head, date=date)

    def handle_request(self):
        target = self.path
        if target.startswith("http://"):
            target = "/" + target.split("/", 3)[3]
        path, _, query = target.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not self.signature_good(path, query, body):
            return self.error(403, "SignatureDoesNotMatch")
        host = self.headers["Host"]
        parts = path.lstrip("/").split("/", 1)
        key = urllib.parse.unquote(path[1:] if host.startswith("bucket.") else parts[1] if len(parts) > 1 else "")
        with lock:
            seen[key] = seen.get(key, 0) + 1
            n = seen[key]
        if self.command == "PUT":
            last[0] = "Host: %s\n" % host + "".join("%s: %s\n" % h for h in sorted(self.headers.items()))
        if not key:
            return self.list_keys(urllib.parse.parse_qs(query))
        if not self.play(key, key.split("/")[0], n, body):
            self.plain(key, body)

    def play(self, key, how, n, body):
        """True: answered."""
        m = re.fullmatch(r"(code|once)-(\d+)-(\w+)(?:-(\d+))?", how)
        if m and (m[1] == "code" or n == 1):
            self.error(int(m[2]), m[3], head=[("Retry-After", m[4])] if m[4] else [])
            return True
        if how.startswith("lost") and self.command == "PUT" and n == 1:
            store[key] = body if how == "lost" else b"foreign"
            self.close_connection = True
            return True
        if how == "early200" and self.command == "PUT" and n == 1:
            store[key] = body
            self.error(200, "InternalError")
            return True
        if how == "moved" and self.region != "eu-test-1":
            self.error(301, "PermanentRedirect", head=[("x-amz-bucket-region", "eu-test-1"),
                                                       ("Location", "http://169.254.169.254/")])
            return True
        if how == "moved-body" and self.region != "eu-test-1":
            self.error(400, "AuthorizationHeaderMalformed", "<Region>eu-test-1</Region>")
            return True
        if how == "moved-badly":
            self.error(301, "PermanentRedirect", "<Region>evil.example/</Region><Endpoint>evil.example</Endpoint>")
            return True
        if how == "elsewhere":
            self.error(307, "TemporaryRedirect", head=[("Location", "http://169.254.169.254/")])
            return True
        if how == "skew":
            t = datetime.datetime.strptime(self.headers["x-amz-date"] + "+0000", "%Y%m%dT%H%M%SZ%z").timestamp()
            if abs(t - time.time() - 3600) > 900:
                self.error(403, "RequestTimeTooSkewed", date=time.time() + 3600)
                return True
        if how == "token" and self.headers.get("x-amz-security-token") != "token-2":
            self.error(400, "ExpiredToken")
            return True
        if how == "mirror":
            said = html.escape(" ".join("%s: %s" % h for h in self.headers.items()), quote=False)
            self.answer(400, ("<?xml version=\"1.0\"?><Error><Code>Odd</Code><Message>%s</Message><Token-0>%s</Token-0>"
                              "</Error>" % (self.headers.get("x-amz-security-token", ""), said)).encode())
            return True
        if how == "stall":
            time.sleep(30)
            return True
        if how == "garbage":
            self.wfile.write(b"\0\1\2 hello\r\n\r\n")
            self.close_connection = True
            return True
        return False

    def list_keys(self, query):
        """ListObjectsV2, on one page.  The first part of the prefix says how, as that of a key does."""
        prefix = query.get("prefix", [""])[0]
        if "list-type" not in query:
            return self.error(501, "NotImplemented")
        if self.play(prefix, prefix.split("/")[0], 1, b""):
            return
        with lock:
            found = sorted((k, v) for k, v in store.items() if k.startswith(prefix))
        coded = "".join("<Contents><Key>%s</Key><LastModified>2024-01-01T00:00:00.000Z</LastModified><ETag>&quot;%s&quot;</ETag>"
                        "<Size>%d</Size></Contents>" % (urllib.parse.quote(k), self.etag(v), len(v)) for k, v in found)
        self.answer(200, ("<?xml version=\"1.0\"?><ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false"
                          "</IsTruncated>%s</ListBucketResult>" % coded).encode())

    def etag(self, data):
        return hashlib.md5(data).hexdigest()

    def put_allowed(self, key, how):
        with lock:
            old = store.get(key)
        if self.headers.get("If-None-Match") == "*" and old is not None:
            return 412
        match = self.headers.get("If-Match")
        if match is not None and old is None:
            return 404
        if match is not None and match != (self.etag(old) if how == "bare" else '"%s"' % self.etag(old)):
            return 412
        return 200

    def plain(self, key, body):
        how = key.split("/")[0]
        if self.command == "PUT":
            status = self.put_allowed(key, how)
            if status != 200:
                return self.error(status, {404: "NoSuchKey", 412: "PreconditionFailed"}[status])
            store[key] = body
            head = [("ETag", '"%s"' % self.etag(body))]
            if self.headers.get("x-amz-checksum-sha256"):
                echo = base64.b64encode(hashlib.sha256(body + (b"!" if "wrong" in key else b"")).digest()).decode()
                head.append(("x-amz-checksum-sha256", echo))
            return self.answer(200, b"", head)
        if self.command == "DELETE":
            store.pop(key, None)
            return self.answer(204)
        data = last[0].encode() if key == "last" else store.get(key)
        if data is None:
            return self.error(404, "NoSuchKey")
        etag = self.etag(data)
        if self.headers.get("If-None-Match") == '"%s"' % etag:
            return self.answer(304, b"", [("ETag", '"%s"' % etag)])
        head = [("ETag", etag if how == "bare" else '"%s"' % etag)] if how != "no-etag" else []
        m = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if m and how != "whole":
            first, end = int(m[1]), min(int(m[2] or len(data)), len(data) - 1)
            if first >= len(data):
                return self.error(416, "InvalidRange")
            if how == "wrong-range":
                first += 1
            head.append(("Content-Range", "bytes %d-%d/%d" % (first, end, len(data))))
            return self.answer(206, data[first:end + 1], head)
        if how == "cut-always" or (how == "cut" and seen[key] <= 2):
            return self.answer(200, data[:len(data) // 2], head, len(data))
        self.answer(200, data, head, -1 if how == "no-length" else None)

    do_GET = do_PUT = do_HEAD = do_DELETE = handle_request


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


def main():
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()
    os._exit(0)


main()
