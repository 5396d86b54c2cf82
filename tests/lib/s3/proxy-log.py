#!/usr/bin/env python3
"""proxy-log.py URL LOG SKIP [FIELD...]: waits until faulty-proxy.py at URL has nothing under way, then prints
those fields of each request in its LOG, without the first SKIP; "-" is what is not there.  Fields are those of
the log, the headers in it, and "kind": the method, but LIST for the GET of a list."""
import json
import ssl
import sys
import urllib.request

url, log, skip, fields = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:]
trusting = urllib.request.HTTPSHandler(context=ssl._create_unverified_context())
urllib.request.build_opener(urllib.request.ProxyHandler({}), trusting).open(url + "/.faulty-proxy/settled", timeout=20)
with open(log) as f:
    for line in f.readlines()[skip:]:
        r = json.loads(line)
        r["kind"] = "LIST" if r["method"] == "GET" and "list-type=" in r["query"] else r["method"]
        print(*[r.get(name, r["headers"].get(name, "-")) for name in fields])
