#!/bin/sh
# alert.sh - cron as an alarm: silent while all is well, else one line for each series, which cron mails.
#
#	*/5 * * * *  DATA_DIR=/var/lib/metrics alert.sh
#
# Exit status: 0 well, 1 a limit is broken or a source is silent, 2 and more as count-query's.
set -u
status=0

# expect SELECTOR LIMIT: the newest value keeps to the limit and is not older than 10 minutes.
expect()
{
	count-query --last --check "$2" --max-age 10m "$1"
	got=$?
	[ "$got" -le "$status" ] || status=$got
}

expect 'load5' '< 8'
expect 'disk_used_percent*' '< 90'
exit "$status"
