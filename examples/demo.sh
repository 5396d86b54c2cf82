#!/bin/sh
# demo.sh - count at work: half an hour of a real machine goes in, answers come out.  Run it by
# ./quickstart demo, or with the programs in PATH; it works in a temporary directory.
set -eu
capture=$(cd "$(dirname "$0")" && pwd)/data/node-exporter.txt.zst
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export DATA_DIR="$dir/metrics" TZ=UTC
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
printf '\nThe points come back bit for bit; copied into another directory they are the same again:\n'
show 'count-query | count-ingest -q --time-unit ms -d copy; count-query | cksum; count-query -d copy | cksum'
