#!/bin/sh
# influxdb.sh - InfluxDB 1: line protocol over HTTP, 50,000 lines a request, then until it is done compacting.
. "$(dirname "$0")/start.sh"
PEER=influxdb
have $PEER influxd curl
http=127.0.0.1:$(free_port)
export INFLUXDB_REPORTING_DISABLED=true INFLUXDB_BIND_ADDRESS=127.0.0.1:0 INFLUXDB_HTTP_BIND_ADDRESS="$http" \
	INFLUXDB_HTTP_LOG_ENABLED=false INFLUXDB_META_DIR="$tmp/meta" INFLUXDB_DATA_DIR="$tmp/data" \
	INFLUXDB_DATA_WAL_DIR="$tmp/wal" INFLUXDB_DATA_CACHE_SNAPSHOT_WRITE_COLD_DURATION=5s \
	INFLUXDB_DATA_COMPACT_FULL_WRITE_COLD_DURATION=5s INFLUXDB_DATA_MAX_VALUES_PER_TAG=0 \
	INFLUXDB_DATA_QUERY_LOG_ENABLED=false INFLUXDB_MONITOR_STORE_ENABLED=false
echo >"$tmp/influxdb.conf"
serve influxd run -config "$tmp/influxdb.conf"
until_up "http://$http/ping"
curl -s "http://$http/query" --data-urlencode 'q=CREATE DATABASE b' >/dev/null
awk '{ print "m,metric=" $1 " v=" $2, $3 }' "$LINES" >"$tmp/lines"

before=$(server_seconds) from=$(date +%s.%N)
split -l 50000 --filter "curl -sf 'http://$http/write?db=b&precision=s' --data-binary @-" "$tmp/lines"
to=$(date +%s.%N) middle=$(server_seconds)
rm "$tmp/lines"
sleep 6
until_idle 60
put "$TABLE" $PEER ingest:cpu "$(calc "($middle - $before) * 1e6 / $POINTS")"
put "$TABLE" $PEER ingest:wall "$(calc "($to - $from) * 1e6 / $POINTS")"
put "$TABLE" $PEER after:cpu "$(calc "($(server_seconds) - $middle) * 1e6 / $POINTS")"
put "$TABLE" $PEER ingest:rss "$(server_mib)"
bytes $PEER "$tmp/data" "$tmp/wal"

# ask_influx NAME QUERY
ask_influx() { query "$1" curl -s "http://$http/query" -d db=b -d epoch=s --data-urlencode "q=$2"; }

one="metric = '$ONE'"
range="time >= ${START}s AND time <= ${END}s"
query start curl --version
ask_influx last "SELECT last(v) FROM m WHERE $one"
ask_influx hour "SELECT v FROM m WHERE $one AND time >= ${HOUR}s AND time <= ${END}s"
ask_influx dump "SELECT v FROM m WHERE $one"
ask_influx avg-5m "SELECT mean(v) FROM m WHERE $one AND $range GROUP BY time(5m)"
ask_influx max-1h "SELECT max(v) FROM m WHERE $range GROUP BY time(1h), metric"
ask_influx max-1d "SELECT max(v) FROM m WHERE $range GROUP BY time(1d), metric"
ask_influx list 'SHOW TAG VALUES FROM m WITH KEY = metric'
ask
