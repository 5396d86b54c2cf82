#!/bin/sh
# duckdb.sh - DuckDB by its Node package: a table sorted by series and time, and a Parquet file with zstd.  Each
# question is a process of node, which takes some 25 ms to start; DUCKDB names the folder of npm's node_modules.
. "$(dirname "$0")/start.sh"
PEER='duckdb, table'
have "$PEER" node
export NODE_PATH="${DUCKDB:-${XDG_CACHE_HOME:-$HOME/.cache}/count-peers}/node_modules"
if [ ! -d "$NODE_PATH/@duckdb/node-api" ]; then
	put "$TABLE" "$PEER" skipped '@duckdb/node-api is not installed'
	say "$PEER: skipped: no @duckdb/node-api in $NODE_PATH"
	exit 0
fi

# ask_duckdb NAME SQL
ask_duckdb() { query "$1" node "$peers/duckdb.js" "$db" "$2"; }

# ask_points FROM: the queries of a table or file
ask_points()
{
	query start node "$peers/duckdb.js" :memory: 'SELECT 1'
	one="FROM $1 WHERE name = '$ONE'"
	ask_duckdb last "SELECT time, value $one ORDER BY time DESC LIMIT 1"
	ask_duckdb hour "SELECT time, value $one AND time >= $HOUR ORDER BY time"
	ask_duckdb dump "SELECT time, value $one ORDER BY time"
	ask_duckdb avg-5m "SELECT time // 300 * 300 AS b, avg(value) $one GROUP BY b ORDER BY b"
	ask_duckdb max-1h "SELECT name, time // 3600 * 3600 AS b, max(value) FROM $1 GROUP BY ALL ORDER BY ALL"
	ask_duckdb max-1d "SELECT name, time // 86400 * 86400 AS b, max(value) FROM $1 GROUP BY ALL ORDER BY ALL"
	ask_duckdb list "SELECT DISTINCT name FROM $1 ORDER BY name"
	ask
}

columns="{'name': 'VARCHAR', 'value': 'DOUBLE', 'time': 'BIGINT'}"
lines="SELECT * FROM read_csv('$LINES', delim = ' ', header = false, columns = $columns) ORDER BY name, time"
db=$tmp/points.duckdb
cost "$TABLE" "$PEER" ingest: $POINTS node "$peers/duckdb.js" "$db" "CREATE TABLE points AS $lines; CHECKPOINT"
bytes "$PEER" "$db"
ask_points points
rm "$db"

PEER='duckdb, parquet'
db=:memory:
cost "$TABLE" "$PEER" ingest: $POINTS node "$peers/duckdb.js" "$db" \
	"COPY ($lines) TO '$tmp/points.parquet' (FORMAT parquet, COMPRESSION zstd)"
bytes "$PEER" "$tmp/points.parquet"
ask_points "'$tmp/points.parquet'"
