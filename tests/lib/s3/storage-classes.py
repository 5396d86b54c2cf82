#!/usr/bin/env python3
"""storage-classes.py: gives zone.json and zonegroup.json here the storage classes of Amazon S3, which Ceph's
gateway has not by itself, and the name under which buckets are virtual hosts (BUCKET.s3.localhost)."""
import json

CLASSES = "STANDARD_IA ONEZONE_IA INTELLIGENT_TIERING GLACIER_IR GLACIER DEEP_ARCHIVE".split()
with open("zone.json") as z, open("zonegroup.json") as g:
    zone, group = json.load(z), json.load(g)
for c in CLASSES:
    zone["placement_pools"][0]["val"]["storage_classes"][c] = {"data_pool": "default.rgw.buckets.data"}
group["hostnames"] = ["s3.localhost"]
group["placement_targets"][0]["storage_classes"] += CLASSES
with open("zone.json", "w") as z, open("zonegroup.json", "w") as g:
    json.dump(zone, z)
    json.dump(group, g)
