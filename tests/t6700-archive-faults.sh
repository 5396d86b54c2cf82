#!/bin/sh
# t6700 - each request of an archive run hit by each fault of the network, once and for good: an exit status and a
# message that are right, and afterwards, with one clean run, each point exactly once.  Quick: a sample; SLOW=1: a
# larger one; SLOW=1 ALL=1: all, in ten minutes.
. "${srcdir:-$(dirname "$0")}/tap.sh"
. "$srcdir/lib/s3.sh"
if s3_have rgw; then kind=rgw; else kind=s3rver; fi
s3_start $kind
plan 1
# 37 has no factor in common with the numbers of faults and ways, so that the sample has all of them.
share=37
[ -z "${SLOW:-}" ] || share=13
[ -z "${ALL:-}" ] || share=1
ok 'each request, each fault'	"$srcdir/lib/archive-faults.py" "$PWD/faults" "${FAULTS_SHARE:-$share}"
sed -n 's/^#/#/p' "$tap_dir/tap/out"
