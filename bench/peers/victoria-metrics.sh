#!/bin/sh
# victoria-metrics.sh - VictoriaMetrics, single node: Graphite lines over TCP, then its flush and merge of all parts.
. "$(dirname "$0")/start.sh"
PEER=victoria-metrics
have $PEER victoria-metrics curl python3
http=127.0.0.1:$(free_port) graphite=127.0.0.1:$(free_port)
serve victoria-metrics -httpListenAddr="$http" -graphiteListenAddr="$graphite" -storageDataPath="$tmp/data" \
	-retentionPeriod=100y -search.maxUniqueTimeseries=1000000 -search.maxSeries=1000000
until_up "http://$http/health"

# metric NAME: the sum over what the server says of itself
metric() { curl -s "http://$http/metrics" | awk -v m="$1" 'index($1, m) == 1 { s += $2 } END { printf "%d\n", s }'; }

before=$(server_seconds) from=$(date +%s.%N)
python3 "$peers/send.py" "${graphite#*:}" "$LINES"
while [ "$(metric 'vm_rows_inserted_total{type="graphite"}')" -lt $POINTS ]; do
	sleep 0.1
done
to=$(date +%s.%N) middle=$(server_seconds)
curl -s "http://$http/internal/force_flush"
curl -s "http://$http/internal/force_merge"
until_idle 60
put "$TABLE" $PEER ingest:cpu "$(calc "($middle - $before) * 1e6 / $POINTS")"
put "$TABLE" $PEER ingest:wall "$(calc "($to - $from) * 1e6 / $POINTS")"
put "$TABLE" $PEER after:cpu "$(calc "($(server_seconds) - $middle) * 1e6 / $POINTS")"
put "$TABLE" $PEER ingest:rss "$(server_mib)"
bytes $PEER "$tmp/data"

api=http://$http/api/v1
one="{__name__=\"$ONE\"}" all='{__name__!=""}'
# ask_range NAME STEP EXPRESSION
ask_range()
{
	query "$1" curl -s "$api/query_range" --data-urlencode "query=$3" -d "start=$START" -d "end=$((END + 86400))" \
		-d "step=$2" -d nocache=1
}

query start curl --version
query last curl -s "$api/query" --data-urlencode "query=$one" -d "time=$END"
query hour curl -s "$api/export" --data-urlencode "match[]=$one" -d "start=$HOUR" -d "end=$END"
query dump curl -s "$api/export" --data-urlencode "match[]=$one"
ask_range avg-5m 300 "avg_over_time(${one}[5m])"
ask_range max-1h 3600 "max_over_time(${all}[1h])"
ask_range max-1d 86400 "max_over_time(${all}[1d])"
query list curl -s "$api/label/__name__/values"
ask
