#!/bin/sh
# count.sh - count itself, the same way.
. "$(dirname "$0")/start.sh"
PEER=count
export DATA_DIR="$tmp/data" MEMORY_BUFFER_SIZE=1000000000 S3_ENABLED=false
# shellcheck disable=SC2046 # one option or none
cost "$TABLE" $PEER ingest: $POINTS count-ingest -q $(one_thread count-ingest) "$LINES"
# shellcheck disable=SC2046
cost "$TABLE" $PEER after: $POINTS count-flush -q $(one_thread count-flush)
bytes $PEER "$DATA_DIR"
query start count-query --version
query last count-query --last "$ONE"
query hour count-query "$ONE" --from $HOUR
query dump count-query "$ONE"
query avg-5m count-query "$ONE" --step 5m --agg avg
query max-1h count-query --step 1h --agg max
query max-1d count-query --step 1d --agg max
query list count-query --list
ask
