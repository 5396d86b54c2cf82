#!/bin/sh
# demo.sh - count at work: half an hour of a real machine goes in, answers come out.  Run it by
# ./quickstart demo, or with the programs in PATH; it works in a temporary directory.
set -eu
capture=$(cd "$(dirname "$0")" && pwd)/data/node-exporter.txt.zst
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export DATA_DIR="$dir/metrics" TZ=UTC
unset S3_ENABLED S3_ENDPOINT S3_BUCKET S3_PREFIX ARCHIVAL_AGE_DAYS	# a file of settings has them here
cd "$dir"

# show COMMAND: prints the line and runs it.
show()
{
	printf '\n$ %s\n' "$1"
	sh -c "$1" 2>&1
}

echo "A capture of prometheus-node-exporter, $(zstd -dc "$capture" | wc -l) lines like these:"
zstd -dc "$capture" >capture.txt
show 'grep -m 1 load1 capture.txt; grep -m 1 eth0 capture.txt'

show 'cat capture.txt | count-ingest -v'
show 'count-query --list | wc -l'
show 'count-query node_load1 --last --time-format iso'
show 'count-query "node_cpu_seconds_total{cpu=\"0\",mode!=\"idle\"}" --agg rate'
show 'du -sh metrics'
show 'count-flush -v'
show 'du -sh metrics'
show 'count-query node_load1 --step 10m --agg avg,max --time-format iso'
show 'count-query "node_network_receive_bytes_total{device=~\"eth.*\"}" --step 10m --agg rate'
show 'count-query node_load1 --plot --from 2026-11-23T06:00Z'

cat <<'END'

Old points move to a bucket: of Amazon, of a server like it, or as here a directory.  The settings could
stand in the environment as well; an age of 0 days and --force, so that there is something old enough:
END
mkdir -p bucket/demo
cat >metrics/count.conf <<END
S3_ENABLED=true
S3_ENDPOINT=file://$dir/bucket
S3_BUCKET=demo
ARCHIVAL_AGE_DAYS=0
END
show 'cat metrics/count.conf'
show 'count-archive --force --dry-run'
show 'count-archive --force'
show 'find bucket -name "block_*" | wc -l; find bucket -path "*node_load1/*" | sort; du -sh metrics bucket'
show "echo 'node_load1 1.25' | count-ingest -v; count-flush -v; echo 'node_load1 0.75' | count-ingest"
for tier in hot warm cold hot,warm,cold; do
	show "count-query node_load1 --agg count --tier $tier"
done
printf '\nMinima, maxima, sums and counts of whole objects or days stand in a local index, no object is read:\n'
show 'count-query "node_filesystem_*" --agg min,max --explain'
show 'count-manifest verify --deep'
printf '\nThe points come back bit for bit; copied into another directory they are the same again:\n'
show 'count-query | count-ingest -q --time-unit ms -d copy; count-query | cksum; count-query -d copy | cksum'
