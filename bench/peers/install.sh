#!/bin/sh
# install.sh [FOLDER] - what bench/peers/ compares count with: Debian's packages by apt-get (as root), DuckDB by npm in
# FOLDER, by default where duckdb.sh looks.  No service is started; Debian enables some for the next boot.
set -eu
folder=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/count-peers}
RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends curl influxdb nodejs npm \
	prometheus python3 python3-whisper rrdtool sqlite3 time victoria-metrics zstd
mkdir -p "$folder"
npm install --silent --prefix "$folder" @duckdb/node-api
