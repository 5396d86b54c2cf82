#!/bin/sh
# t9030 - the pipelines under examples/: sampling /proc from cron, an alarm, a copy with its proof, a plot.
. "${srcdir:-$(dirname "$0")}/tap.sh"
need awk df mkfifo cksum
examples=$top_srcdir/examples
run() { script=$1; shift; sh "$examples/$script" "$@"; }

mkdir proc
echo '0.50 1.25 2.00 1/234 5678' >proc/loadavg
printf 'MemTotal:       16000 kB\nHugePages_Total:       0\nMemFree:         4000 kB\n' >proc/meminfo
echo '   8       0 sda 10 0 20 5 30 0 40 6 0 7 8 0 0 0 0 0 0' >proc/diskstats
export PROC="$PWD/proc"
host=$(uname -n)

# values PATTERN...: names without the host, and values, of all series whose name does not begin with disk_used.
values() { count-query --last 'load*' 'memory*' 'disk_[rw]*' | sed "s/host=\"$host\",*//; s/,}/}/; s/{}//" | cut -d' ' -f1,2 | sort; }

cat >want <<'END'
disk_read_bytes_total{device="sda"} 10240
disk_reads_total{device="sda"} 10
disk_writes_total{device="sda"} 30
disk_written_bytes_total{device="sda"} 20480
load1 0.5
load15 2
load5 1.25
memory_bytes{kind="MemFree"} 4096000
memory_bytes{kind="MemTotal"} 16384000
END
# says TEXT CMD...: status of CMD, if TEXT is in what it prints.
says() { text=$1; shift; "$@" >said; got=$?; grep -qF -e "$text" said || got=90; return $got; }
with_disk() { printf 'disk_used_percent{mount="/"} %d\n' "$1" | count-ingest -q; }

ok 'monitor-proc.sh, silent'	silent run monitor-proc.sh
ok '... all samples'		prints want values
if [ -r /proc/loadavg ] && [ -r /proc/diskstats ]; then
	ok '... of this machine'	env PROC=/proc sh "$examples/monitor-proc.sh"
else
	skip_one '... of this machine' 'no /proc'
fi

rm -rf "$DATA_DIR"
echo 'load5{host="a"} 1.5' | count-ingest -q
with_disk 20
ok 'alert.sh: silent while well'	silent run alert.sh
with_disk 95
ok '... a limit is broken'	exits 1 says 'is 95, wanted < 90' run alert.sh
echo "load5{host=\"b\"} 1 $(($(date +%s) - 3600))" | count-ingest -q
ok '... a source is silent'	exits 1 says 'more than 10m' run alert.sh

count-ingest -q --init --precision us -d old
awk 'BEGIN { for (i = 0; i < 5000; i++) print "c" i % 7, i / 3, 1700000000000000 + i * i }' |
	count-ingest -q -d old --time-unit us
echo '{"my cpu",k="v"} -0 1700000000000001' | count-ingest -q -d old --time-unit us
ok 'copy.sh'			prints - run copy.sh old new <<'END'
8 series copied
END
count-query -d old >old.txt
ok '... is the same'		prints old.txt count-query -d new
ok '... does not write over'	exits 2 stderr_has 'is there' run copy.sh old new

awk 'BEGIN { for (i = 0; i < 60; i++) print "wave", i % 20, 1700000000 + i * 60 }' | count-ingest -q
# drawn PATTERN CMD...: it prints at least three lines like that.
drawn() { pattern=$1; shift; "$@" >drawing && [ "$(grep -c "$pattern" drawing)" -ge 3 ]; }
ok 'plot.sh, without gnuplot'	drawn '##' env NO_GNUPLOT=1 sh "$examples/plot.sh" wave 10m
if command -v gnuplot >/dev/null; then
	ok '... with gnuplot'	drawn '[*|]' run plot.sh wave 10m
else
	skip_one '... with gnuplot' 'gnuplot is not installed'
fi
ok '... of nothing'		exits 1 run plot.sh no.such
done_testing
