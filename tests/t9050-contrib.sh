#!/bin/sh
# t9050 - what an administrator copies: cron table, systemd units, policies.
. "${srcdir:-$(dirname "$0")}/tap.sh"
plan 12
built=$top_builddir/contrib

# The programs as installed, but here: the units must name files that exist.
here()
{
	sed -E "s,(^|[ =])/[^ ]*/(count-[a-z]+),\1$top_builddir/\2,g" "$1"
}

absolute()
{
	grep -ho '[^ =]*/count-[a-z]* -q\|[^ =]*/count-[a-z]* verify' "$built/cron/count" "$built"/systemd/*.service >named
	[ "$(wc -l <named)" -ge 5 ] && ! grep -v '^/' named && ! grep -q '@' named
}

has() { grep -q -e "$1" "$2"; }

random_delay()
{
	[ "$(grep -c '^[^#]*sleep \$(shuf' "$built/cron/count")" = "$(grep -c '^[^#]*/count-' "$built/cron/count")" ] &&
		has '^RandomizedDelaySec=' "$built/systemd/count-flush.timer" &&
		has '^RandomizedDelaySec=' "$built/systemd/count-archive.timer"
}

locked_is_fine()
{
	has '^SuccessExitStatus=5$' "$built/systemd/count-flush.service" &&
		has '^SuccessExitStatus=5$' "$built/systemd/count-archive.service" &&
		[ "$(grep -c '|| \[ \$? -eq 5 \]' "$built/cron/count")" = 2 ]
}

ok 'the programs have absolute paths'			absolute
ok 'a random delay everywhere'				random_delay
ok 'exit status 5, another run at work, is a success'	locked_is_fine

if command -v systemd-analyze >/dev/null; then
	mkdir units
	for unit in "$built"/systemd/*.service "$built"/systemd/*.timer; do
		here "$unit" | sed 's/^User=.*//; s/^Group=.*//' >"units/$(basename "$unit")"
	done
	for name in count-flush count-archive; do
		ok "systemd-analyze verify: $name" silent systemd-analyze --man=no verify \
			"$PWD/units/$name.service" "$PWD/units/$name.timer"
	done
	sed -i 's/^OnCalendar=.*/OnCalendar=never o clock/' units/count-flush.timer
	bad_unit() { systemd-analyze --man=no verify "$PWD/units/count-flush.timer" 2>&1 | grep -q 'calendar specification'; }
	ok '... which would see a mistake'		bad_unit
else
	for name in count-flush count-archive mistake; do
		skip_one "systemd-analyze verify: $name" 'systemd-analyze is not here'
	done
fi

# crontab knows the form without the user's name.
sed -E 's/^(([^ #]+ +){5})count +/\1/' "$built/cron/count" >table
if crontab -n table >log 2>&1 || grep -q -i 'error' log; then
	ok 'the syntax of the cron table'		crontab -n table
	sed 's,^\*/5 ,*/x ,' table >bad-table
	not_ok '... which would see a mistake'		crontab -n bad-table
else
	skip_one 'the syntax of the cron table' 'no crontab that can check'
	skip_one '... a mistake' 'no crontab that can check'
fi

# The lines themselves, with the programs that were built, do what they say: nothing, in silence.
run_line() { grep "/$1 " "$built/cron/count" | sed 's/.*; //' >line && here line >cmd && silent sh cmd; }
ok 'there is a directory'				count-ingest -q --init
ok 'the flush line'					run_line count-flush
under_lock() { flock "$DATA_DIR/lock" sh cmd; }
flush_locked() { run_line count-flush && silent under_lock; }
ok '... beside another run'				flush_locked

json() { for f in "$top_srcdir"/contrib/iam/*.json "$top_srcdir"/contrib/lifecycle.json; do python3 -m json.tool "$f" >/dev/null || return; done; }
if command -v python3 >/dev/null; then
	ok 'the policies are JSON'			json
else
	skip_one 'the policies are JSON' 'no python3'
fi
