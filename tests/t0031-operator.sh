#!/bin/sh
# t0031 - count-archive(1) answers what an operator asks: the sections are there, and say what they must.
. "${srcdir:-$(dirname "$0")}/tap.sh"
need mandoc
page=$top_srcdir/man/count-archive.1

# section NAME: its text, in one line, without the formatting.
section()
{
	mandoc -T ascii "$page" | col -b | awk -v want="$1" '
		/^[A-Z]/ { on = $0 == want }
		on { printf "%s ", $0 }' | tr -s ' '
}

# tells SECTION WORD...: each word is in it.
tells()
{
	section "$1" >text; shift
	[ -s text ] || { note 'there is no such section'; return 1; }
	for word; do
		grep -q -i -F -e "$word" text || { note "it does not speak of $word"; return 1; }
	done
}

plan 7
ok 'COST'		tells COST 'ARCHIVAL_BATCH_DAYS' 'PRICE_PUT' 'GB' '--dry-run' '--explain' 'STANDARD_IA' \
	'INTELLIGENT_TIERING' 'GLACIER_IR' '128 KB' 'lifecycle' 'S3_TAGS' 'late point'
ok 'MONITORING'		tells MONITORING 'exit status' 'verify' '--deep' '--json' 'cron'
ok 'TROUBLESHOOTING'	tells TROUBLESHOOTING 'COUNT_LOG=debug' 'SignatureDoesNotMatch' 'AccessDenied' 'ExpiredToken' \
	'RequestTimeTooSkewed' 'NoSuchBucket' 'S3_CA_BUNDLE' 'S3_TIMEOUT' 'InvalidObjectState' 'repair' 'rebuild' 'hop limit'
ok 'IAM'		tells IAM 's3:GetObject' 's3:PutObject' 's3:DeleteObject' 's3:ListBucket' 'kms:Decrypt' \
	's3:PutObjectTagging' 'credential_process'
ok 'MIGRATION'		tells MIGRATION 'switching s3 on' 'switching it off' 'S3_ENABLED' '--keep-local' 'count-manifest sync' \
	'prototype'
not_ok 'a word that is not there is missed'	tells IAM 'no such word'

# Settings: each that configuration knows is explained in a manual page.
explained()
{
	sed -n 's/^	{ *\(\.key = \)\{0,1\}"\([A-Z0-9_]*\)".*/\2/p' "$top_srcdir/src/libcount/engine/config.c" \
		"$top_srcdir/src/libcount/cold/settings_set.c" | sort -u >settings
	[ "$(wc -l <settings)" -ge 20 ] || return 1
	while read -r name; do
		grep -q "^\.It Ev.*\<$name\>" "$top_srcdir"/man/*.[17] || { note "$name is in no page"; return 1; }
	done <settings
}
ok 'every setting has its place in a page'	explained
