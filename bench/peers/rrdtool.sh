#!/bin/sh
# rrdtool.sh - RRDtool: a file a series with one archive of all points, a hundred points an update.
. "$(dirname "$0")/start.sh"
PEER=rrdtool
have $PEER rrdtool
mkdir "$tmp/rrd"
# What rrdtool reads on its standard input is made outside the time that is measured.
awk -v dir="$tmp/rrd" -v start="$((START - 10))" -v n="$NPOINTS" '
	function put() { if (k) print "update " file update; update = ""; k = 0 }
	$1 != name {
		put()
		name = $1
		file = dir "/" name ".rrd"
		print "create " file " --start " start " --step 10 DS:v:GAUGE:20:U:U RRA:LAST:0.5:1:" n
	}
	{ update = update " " $3 ":" $2; if (++k == 100) put() }
	END { put() }' "$SORTED" >"$tmp/commands"
cost "$TABLE" $PEER ingest: $POINTS sh -c "rrdtool - <'$tmp/commands'"
rm "$tmp/commands"
bytes $PEER "$tmp/rrd"

# xports STEP: for a pipe to rrdtool, the maxima of each series
xports()
{
	for file in "$tmp"/rrd/*; do
		echo "xport --start $((START - 10)) --end $END --step $1 DEF:v=$file:v:LAST:step=$1:reduce=MAX XPORT:v"
	done
}

file=$tmp/rrd/$ONE.rrd
query start rrdtool --version
query last rrdtool lastupdate "$file"
query hour rrdtool fetch "$file" LAST --start $HOUR --end "$END"
query dump rrdtool fetch "$file" LAST --start $((START - 10)) --end "$END"
query avg-5m rrdtool xport --start $((START - 10)) --end "$END" --step 300 \
	"DEF:v=$file:v:LAST:step=300:reduce=AVERAGE" XPORT:v
xports 3600 >"$tmp/max-1h"
xports 86400 >"$tmp/max-1d"
query max-1h sh -c "rrdtool - <'$tmp/max-1h'"
query max-1d sh -c "rrdtool - <'$tmp/max-1d'"
query list ls "$tmp/rrd"
ask
