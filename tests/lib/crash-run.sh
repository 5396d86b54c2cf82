#!/bin/sh
# crash-run.sh KIND STEPS DB - the recorded workloads of t6100: each ingests the files of STEPS in
# order into DB, acknowledges each on stdout once count-ingest has succeeded, and does maintenance.
#	ingest	creation of the directory and small frames by several processes
#	flush	a flush after each step, so that blocks, CURRENT and compaction take part
#	race	a second shell flushes and queries all the while
kind=$1 steps=$2 db=$3

put() {
	# One write: the acknowledgement appears whole or not at all.
	count-ingest -q -d "$db" <"$steps/$1" && echo "ack $1"
}

all_steps() {
	n=1
	while [ -f "$steps/$n" ]; do
		echo "$n"
		n=$((n + 1))
	done
}

case $kind in
ingest)
	for n in $(all_steps); do put "$n"; done
	;;
flush)
	for n in $(all_steps); do
		put "$n"
		count-flush -q -d "$db"
	done
	;;
race)
	put 1
	(for n in 1 2 3 4; do
		count-flush -q -d "$db"
		count-query -d "$db" >/dev/null
	done) &
	for n in $(all_steps); do [ "$n" = 1 ] || put "$n"; done
	wait
	count-flush -q -d "$db"
	;;
esac
exit 0
