#!/bin/sh
# t4415 - storage class, encryption and tags, as asked for: on the objects; manifests are encrypted too, but stay in the
# standard class and have no tags, so that no lifecycle rule moves them.
. "${srcdir:-$(dirname "$0")}/tap.sh"
. "$srcdir/lib/s3.sh"
s3_have rgw || skip "$s3_why"
s3_start rgw
make_points 1 30 3600 2023-01-01 >points
count-ingest -q points

headers() { s3_request -i HEAD "$1" 2>&1 | tr '[:upper:]' '[:lower:]'; }
tags() { s3_request GET "$1" tagging= 2>&1; }
class_of() { headers "$1" | sed -n 's/^x-amz-storage-class: *\([a-z_]*\).*/\1/p'; }
encrypted() { headers "$1" | grep -q 'server-side-encryption: *aws:kms'; }

plan 8
export S3_STORAGE_CLASS=STANDARD_IA S3_TAGS='count=block&team=a%20b' S3_SSE=aws:kms S3_SSE_KMS_KEY_ID=count-key
ok 'an archive run with all of them'	count-archive -q
object=$(s3_list | grep block_ | head -n 1)
manifest=${object%/*}/manifest.json
ok 'the class of the object'		test "$(class_of "$object")" = standard_ia
ok '... not of the manifest'		test "$(class_of "$manifest" | sed s/standard$//)" = ''
has_tags() { tags "$object" >said && grep -q '<Key>count</Key><Value>block</Value>' said && grep -q 'a b' said; }
ok 'the tags of the object'		has_tags
no_tags() { tags "$manifest" >said && ! grep -q count said; }
ok '... not of the manifest'		no_tags
ok 'encryption of the object'		encrypted "$object"
ok '... and of the manifest'		encrypted "$manifest"
ok 'all can be read'			oracle_check points
