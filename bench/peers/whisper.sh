#!/bin/sh
# whisper.sh - Whisper, the files of Graphite: a file a series, all points of a series in one update.
. "$(dirname "$0")/start.sh"
PEER=whisper
have $PEER python3
python=
for candidate in "${PYTHON:-python3}" /usr/bin/python3; do
	if "$candidate" -c 'import whisper' 2>/dev/null; then
		python=$candidate
		break
	fi
done
if [ -z "$python" ]; then
	put "$TABLE" $PEER skipped 'python3-whisper is not installed'
	say "$PEER: skipped: python3-whisper is not installed"
	exit 0
fi
ask_whisper() { query "$1" "$python" "$peers/whisper-files.py" "$tmp/wsp" "$END" "$@"; }

cost "$TABLE" $PEER ingest: $POINTS "$python" "$peers/whisper-files.py" "$tmp/wsp" "$END" load "$SORTED" "$NPOINTS"
bytes $PEER "$tmp/wsp"
query start "$python" -c "import whisper"
ask_whisper last "$ONE"
ask_whisper hour "$ONE"
ask_whisper dump "$ONE"
ask_whisper avg-5m "$ONE"
ask_whisper max-1h
ask_whisper max-1d
query list ls "$tmp/wsp"
HEAVY=1 # seconds each
ask
