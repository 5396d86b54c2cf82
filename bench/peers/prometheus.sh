#!/bin/sh
# prometheus.sh - Prometheus: lines of OpenMetrics made into blocks by promtool, in one pass; then a server over them.
. "$(dirname "$0")/start.sh"
PEER=prometheus
have $PEER prometheus promtool curl
awk '{ print "m{series=\"" $1 "\"}", $2, $3 } END { print "# EOF" }' "$LINES" >"$tmp/lines.om"
cost "$TABLE" $PEER ingest: $POINTS promtool tsdb create-blocks-from openmetrics --quiet --max-block-duration=744h \
	"$tmp/lines.om" "$tmp/data"
rm "$tmp/lines.om"
http=127.0.0.1:$(free_port)
echo 'global: {}' >"$tmp/prometheus.yml"
serve prometheus --config.file="$tmp/prometheus.yml" --web.listen-address="$http" --storage.tsdb.path="$tmp/data" \
	--storage.tsdb.retention.time=100y
until_up "http://$http/-/ready"
until_idle 30
bytes $PEER "$tmp"/data/[0-9A-Z]*

api=http://$http/api/v1
one="m{series=\"$ONE\"}"
# ask_range NAME STEP EXPRESSION
ask_range()
{
	query "$1" curl -s "$api/query_range" --data-urlencode "query=$3" -d "start=$START" -d "end=$((END + $2))" \
		-d "step=$2"
}

query start curl --version
query last curl -s "$api/query" --data-urlencode "query=$one" -d "time=$END"
query hour curl -s "$api/query" --data-urlencode "query=${one}[1h]" -d "time=$END"
query dump curl -s "$api/query" --data-urlencode "query=${one}[$((END - START + 1))s]" -d "time=$END"
ask_range avg-5m 300 "avg_over_time(${one}[5m])"
ask_range max-1h 3600 'max_over_time(m[1h])'
ask_range max-1d 86400 'max_over_time(m[1d])'
query list curl -s "$api/label/series/values"
ask
