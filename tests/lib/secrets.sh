# shellcheck shell=sh
# secrets.sh - for tests of credentials, sourced after tap.sh:
#
#	keeping CMD		status, output and errors of CMD; all it says is kept in the file `all`, to look for
#				secrets in it, and of the last one in `said` and `complained`
#	with NAME=VALUE... CMD	like env, for functions too
keeping()
{
	"$@" >said 2>complained
	status=$?
	cat said complained >>all
	cat said
	cat complained >&2
	return $status
}

with()
(
	# shellcheck disable=SC2163
	while case $1 in *=*) ;; *) false ;; esac do
		export "$1"; shift
	done
	"$@"
)
