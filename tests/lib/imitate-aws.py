#!/usr/bin/env python3
"""imitate-aws.py container|instance [options]: an endpoint that gives credentials, on 127.0.0.1.

It checks what AWS checks, and misbehaves as it is told.

  --port-file FILE    write the port there when listening
  --log FILE          a line for each request: METHOD PATH STATUS
  --faults FILE       a line "PATH-REGEX FAULT..." each, read for every request, first match wins
  --token FILE        container: the Authorization it wants, read for every request (default: none)
  --lives SECONDS     until the credentials end (default 21600)
  --keys FILE         give the key id and the secret in it, a line each, not made-up ones
  --cert F --key F    serve HTTPS

container: GET /credentials/ID?part=1 with the Authorization it wants.
instance: version 2 of the metadata service: PUT /latest/api/token with a time to live of 1 to 21600 s, then GET
with that token; no X-Forwarded-For.  The role is "count-archive", the region eu-test-1.

A FAULT: a status; "hang"; "close"; "truncate" (half of the body); "expired"; "text=..." (that body instead);
"huge"; "redirect=URL"; "first=N" (only the first N requests that match).
The Nth answer has the key id ASIAIMITATION000N and a secret that holds the word CANARY.
"""
import argparse
import datetime
import http.server
import json
import os
import re
import ssl
import sys
import threading
import time

PATH = "/credentials/ID?part=1"
ROLES = "/latest/meta-data/iam/security-credentials/"
ROLE = "count-archive"

ap = argparse.ArgumentParser(usage=__doc__, add_help=False)
ap.add_argument("kind", choices=["container", "instance"])
for name in "port-file", "log", "faults", "token", "keys", "cert", "key":
    ap.add_argument("--" + name)
ap.add_argument("--lives", type=int, default=21600)
o = ap.parse_args()
lock = threading.Lock()
seen, tokens, given = {}, {}, [0]


def fault_for(path):
    """The words of the first line that matches, if it is not used up."""
    try:
        lines = open(o.faults).read().splitlines() if o.faults else []
    except FileNotFoundError:
        return []
    for line in lines:
        words = line.split(" ")
        if not re.search(words[0], path):
            continue
        seen[line] = seen.get(line, 0) + 1
        if any(w.startswith("first=") and seen[line] > int(w[6:]) for w in words):
            continue
        return words[1:]
    return []


def credentials(lives):
    given[0] += 1
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=lives)
    key, secret = "ASIAIMITATION%04d" % given[0], "sCANARY/secret+%d" % given[0]
    if o.keys:
        key, secret = open(o.keys).read().split()
    return {"AccessKeyId": key, "SecretAccessKey": secret,
            "Token": "tCANARY/token==%d" % given[0], "Expiration": end.strftime("%Y-%m-%dT%H:%M:%SZ")}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        with lock:
            words = fault_for(self.path)
            status, body = self.answer("expired" in words)
        for w in words:
            if w.isdigit():
                status, body = int(w), json.dumps({"code": "Imitated", "message": "as it was told"})
            elif w.startswith("text="):
                body = w[5:].replace("\\n", "\n").replace("\\_", " ")
            elif w == "huge":
                body += " " * 70000
            elif w.startswith("redirect="):
                status = 302
        with lock, open(o.log, "a") as log:
            log.write("%s %s %d\n" % (self.command, self.path, status))
        if "hang" in words:
            time.sleep(20)
        if "hang" in words or "close" in words:
            self.close_connection = True
            return
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        for w in words:
            if w.startswith("redirect="):
                self.send_header("Location", w[9:])
        self.end_headers()
        if "truncate" in words:
            data = data[:len(data) // 2]
            self.close_connection = True
        self.wfile.write(data)

    do_PUT = do_POST = do_HEAD = do_GET

    def answer(self, expired):
        lives = -60 if expired else o.lives
        return self.container(lives) if o.kind == "container" else self.instance(lives)

    def container(self, lives):
        if self.path != PATH:
            return 404, json.dumps({"code": "NotFound", "message": "no such credentials"})
        if self.command != "GET":
            return 405, ""
        wanted = open(o.token).read() if o.token else None
        if self.headers.get("Authorization") != wanted:
            return 401, json.dumps({"code": "AccessDenied", "message": "wrong token"})
        return 200, json.dumps(dict(credentials(lives), RoleArn="arn:aws:iam::123456789012:role/x"))

    def instance(self, lives):
        if self.headers.get("X-Forwarded-For"):
            return 403, ""
        if self.path == "/latest/api/token":
            ttl = self.headers.get("X-aws-ec2-metadata-token-ttl-seconds", "")
            if self.command != "PUT":
                return 405, ""
            if not re.fullmatch(r"\d+", ttl) or not 1 <= int(ttl) <= 21600:
                return 400, ""
            token = "AQAEACANARY%d==" % (len(tokens) + 1)
            tokens[token] = time.time() + int(ttl)
            return 200, token
        if self.command != "GET":
            return 405, ""
        if tokens.get(self.headers.get("X-aws-ec2-metadata-token", ""), 0) < time.time():
            return 401, ""
        if self.path == ROLES:
            return 200, ROLE
        if self.path == ROLES + ROLE:
            return 200, json.dumps(dict(credentials(lives), Code="Success", Type="AWS-HMAC"), indent=1)
        if self.path == "/latest/meta-data/placement/region":
            return 200, "eu-test-1"
        return 404, ""


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
if o.cert:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(o.cert, o.key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
open(o.log, "a").close()
with open(o.port_file + ".new", "w") as f:
    f.write("%d\n" % server.server_address[1])
os.rename(o.port_file + ".new", o.port_file)
try:
    server.serve_forever()
except KeyboardInterrupt:
    sys.exit(0)
