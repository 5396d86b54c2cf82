#!/bin/sh
# monitor-proc.sh - a machine's load, memory, disks and file systems, one sample; for cron, without any agent:
#
#	* * * * *  DATA_DIR=/var/lib/metrics monitor-proc.sh
#	*/5 * * * *  count-flush -q -d /var/lib/metrics
#
# Lines without a stamp get the time of receipt.  $PROC stands in for /proc in tests.
set -eu
proc=${PROC:-/proc}

{
	awk '{ print "load1", $1; print "load5", $2; print "load15", $3 }' "$proc/loadavg"
	awk '$3 == "kB" { sub(/:$/, "", $1); printf "memory_bytes{kind=\"%s\"} %.0f\n", $1, $2 * 1024 }
		' "$proc/meminfo"
	df -P | awk 'NR > 1 && $1 ~ "^/" { printf "disk_used_percent{mount=\"%s\"} %d\n", $6, $5 }'
	# Device, reads completed and sectors read, writes completed and sectors written (512 bytes each).
	awk '$3 !~ /^(loop|ram)/ {
		printf "disk_reads_total{device=\"%s\"} %.0f\n", $3, $4
		printf "disk_read_bytes_total{device=\"%s\"} %.0f\n", $3, $6 * 512
		printf "disk_writes_total{device=\"%s\"} %.0f\n", $3, $8
		printf "disk_written_bytes_total{device=\"%s\"} %.0f\n", $3, $10 * 512
	}' "$proc/diskstats"
} | count-ingest -q --format graphite --tag "host=$(uname -n)"
