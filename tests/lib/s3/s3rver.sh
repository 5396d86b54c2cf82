# shellcheck shell=sh disable=SC2034,SC2154
# s3rver.sh - s3rver (npm @20minutes/s3rver, which checks signatures) for s3.sh: a second opinion, and a server
# that takes conditions of PUT and ignores them.
#
# It and the Node.js that it needs are installed once, by npm, in $TEST_CACHE (default: ~/.cache/count-tests), with
# SLOW=1 only: 200 MB.
s3rver_version=5.0.0
s3rver_node=24
s3rver_home=${TEST_CACHE:-$(getent passwd "$(id -u)" | cut -d: -f6)/.cache/count-tests}/s3rver

s3rver_there() { [ -d "$s3rver_home/node_modules/@20minutes/s3rver" ] && s3rver_program; }

# The Node.js to use, in s3rver_node_program.
s3rver_program()
{
	s3rver_node_program=$s3rver_home/node_modules/node-linux/bin/node
	[ -x "$s3rver_node_program" ] && return
	s3rver_node_program=node
	[ "$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)" -ge $s3rver_node ]
}

s3rver_have()
{
	s3rver_there && return
	if [ -z "${SLOW:-}" ]; then
		s3_why='s3rver is not here (tests with SLOW=1 install it, if npm is there)'
	elif ! command -v npm >/dev/null; then
		s3_why='s3rver is not here, and neither is npm to install it (apt-get install npm)'
	else
		s3rver_install && s3rver_there && return
		s3_why='s3rver is not here and cannot be installed'
	fi
	return 1
}

s3rver_install()
(
	mkdir -p "$s3rver_home" && cd "$s3rver_home" || exit
	exec 9>lock
	flock 9
	s3rver_there && exit
	note "installing s3rver $s3rver_version in $s3rver_home"
	[ -e package.json ] || echo '{"private":true}' >package.json
	set -- npm install --no-audit --no-fund --loglevel=error
	"$@" "@20minutes/s3rver@$s3rver_version" >npm.log 2>&1 || exit
	s3rver_program && exit
	case $(uname -m) in x86_64) s3rver_arch=x64 ;; aarch64) s3rver_arch=arm64 ;; *) exit 1 ;; esac
	"$@" "node-linux@npm:node-linux-$s3rver_arch@$s3rver_node" >>npm.log 2>&1
)

s3rver_start()
{
	mkdir -p "$s3_at/data" "$s3_at/log"
	export AWS_ACCESS_KEY_ID=COUNTTESTACCESSKEY01 AWS_SECRET_ACCESS_KEY=count/test+secret/key/s3rver
	s3rver_port=$(s3_free_ports 1)
	export S3_ENDPOINT="http://127.0.0.1:$s3rver_port"
	# Its continuation tokens need a cipher that OpenSSL 3 calls legacy.
	s3_run "$s3_at/log/s3rver" "$s3rver_node_program" --openssl-legacy-provider "$s3_lib/s3rver.js" "$s3rver_home" \
		"$s3_at/data" "$s3rver_port" "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY"
	s3_await 20 python3 "$s3_lib/s3req.py" PUT
}
