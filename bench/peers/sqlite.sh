#!/bin/sh
# sqlite.sh - SQLite: a table of names, and one of points without a rowid, the key of which is series and time.
. "$(dirname "$0")/start.sh"
PEER=sqlite
have $PEER sqlite3
db=$tmp/points.db
cat >"$tmp/load.sql" <<-END
	PRAGMA journal_mode = WAL;
	PRAGMA synchronous = NORMAL;
	CREATE TABLE series (id INTEGER PRIMARY KEY, name TEXT UNIQUE);
	CREATE TABLE points (series INTEGER, time INTEGER, value REAL, PRIMARY KEY (series, time)) WITHOUT ROWID;
	CREATE TEMP TABLE lines (name TEXT, value REAL, time INTEGER);
	.separator " "
	.import $LINES lines
	INSERT OR IGNORE INTO series (name) SELECT DISTINCT name FROM lines;
	INSERT INTO points SELECT id, time, value FROM lines JOIN series USING (name) ORDER BY id, time;
	DROP TABLE lines;
	PRAGMA wal_checkpoint(TRUNCATE);
END
cost "$TABLE" $PEER ingest: $POINTS sh -c "sqlite3 '$db' <'$tmp/load.sql'"
bytes $PEER "$db"
one="series = (SELECT id FROM series WHERE name = '$ONE')"
query start sqlite3 :memory: ""
query last sqlite3 "$db" "SELECT time, value FROM points WHERE $one ORDER BY time DESC LIMIT 1"
query hour sqlite3 "$db" "SELECT time, value FROM points WHERE $one AND time >= $HOUR"
query dump sqlite3 "$db" "SELECT time, value FROM points WHERE $one"
query avg-5m sqlite3 "$db" "SELECT time / 300 * 300 AS b, avg(value) FROM points WHERE $one GROUP BY b"
max='max(value) FROM points JOIN series ON id = series GROUP BY series, b'
query max-1h sqlite3 "$db" "SELECT name, time / 3600 * 3600 AS b, $max"
query max-1d sqlite3 "$db" "SELECT name, time / 86400 * 86400 AS b, $max"
query list sqlite3 "$db" 'SELECT name FROM series'
HEAVY=1 # seconds each
ask
