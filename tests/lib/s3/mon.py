#!/usr/bin/env python3
"""mon.py CEPH_CONF KEYRING [UUID]: with UUID, waits for Ceph's monitor and enters one OSD there; without,
waits until that is up.

One process for all commands, since "ceph" starts slowly.  (The OSD could place itself in the crush map, but its
command for that is refused for a "wrong fsid" when it is sent before it has the monitor's map.)
"""
import json
import sys
import time

import rados

conf, keyring, uuid = (sys.argv[1:] + [None])[:3]
end = time.time() + 30


def command(prefix, **args):
    while True:
        r, out, err = cluster.mon_command(json.dumps(dict(args, prefix=prefix, format="json")), b"", timeout=10)
        if r != -1 or "wrong fsid" not in err or time.time() > end:
            break
        time.sleep(0.02)
    if r:
        sys.exit("%s: %s %s" % (prefix, r, err))
    return json.loads(out or b"null")


while True:
    try:
        cluster = rados.Rados(conffile=conf, conf={"keyring": keyring, "client_mount_timeout": "3"})
        cluster.connect(timeout=3)
        break
    except rados.Error as e:
        if time.time() > end:
            sys.exit("no monitor: %s" % e)
        time.sleep(0.1)
if uuid:
    command("osd new", uuid=uuid)
    command("osd crush add", id=0, weight=1.0, args=["root=default", "host=localhost"])
while not uuid and command("osd stat")["num_up_osds"] < 1:
    if time.time() > end:
        sys.exit("the OSD is not up")
    time.sleep(0.02)
cluster.shutdown()
