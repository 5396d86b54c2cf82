# shellcheck shell=sh disable=SC2034,SC2154
# rgw.sh - Ceph's gateway for s3.sh: a monitor, one OSD in memory and the gateway, as plain processes
# of the test, with all files in $s3_at.
#
# RGW_STORE=bluestore keeps objects in a file instead (5 s to start, half the PUTs a second).
rgw_packages='ceph-base ceph-common ceph-mon ceph-osd radosgw'
rgw_python=/usr/bin/python3	# the one that has Debian's python3-rados

rgw_there()
{
	for rgw_command in ceph-mon ceph-osd monmaptool radosgw radosgw-admin; do
		command -v "$rgw_command" >/dev/null || return 1
	done
	$rgw_python -c 'import rados' 2>/dev/null
}

rgw_have()
{
	rgw_there && return
	if [ -n "${SLOW:-}" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
		rgw_install && rgw_there && return
		s3_why="Ceph's gateway is not here and cannot be installed (apt-get install $rgw_packages)"
	else
		s3_why="Ceph's gateway is not here (./quickstart check --full installs it: $rgw_packages)"
	fi
	return 1
}

# One at a time, should several tests find it missing.
rgw_install()
(
	exec 9>"${tap_dir%/*}/count-install.lock"
	flock 9
	rgw_there && exit
	note "installing $rgw_packages"
	export DEBIAN_FRONTEND=noninteractive
	# shellcheck disable=SC2086 # a list of names
	set -- -qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends $rgw_packages
	{ apt-get "$@" || { apt-get -qq update && apt-get "$@"; }; } >"$s3_dir/apt.log" 2>&1
)

rgw_conf()
{
	cat <<END
[global]
fsid = $rgw_fsid
mon host = v1:127.0.0.1:$rgw_mon_port
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind msgr2 = false
ms bind ipv4 = true
ms bind ipv6 = false
auth cluster required = none
auth service required = none
auth client required = none
auth supported = none
auth allow insecure global id reclaim = true
run dir = $rgw_run
log file = $s3_at/log/\$name.log
admin socket =
pid file =
crash dir = $s3_at/log
log max recent = 500
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
mon allow pool size one = true
mon warn on pool no redundancy = false
mon warn on insecure global id reclaim = false
mon warn on insecure global id reclaim allowed = false
mon max pg per osd = 1000
mon data avail crit = 1
mon data avail warn = 2
osd crush chooseleaf type = 0
paxos propose interval = 0.02
paxos min wait = 0.01

[mon]
mon data = $s3_at/mon
mon cluster log file = $s3_at/log/cluster.log
mon initial members = a

[osd]
osd data = $s3_at/osd
osd objectstore = ${RGW_STORE:-memstore}
memstore device bytes = 4294967296
bluestore block create = true
bluestore block size = 4294967296
bluestore fsck on mount = false
osd class update on start = false
osd crush update on start = false
osd class load list = *
osd class default list = *
osd scrub load threshold = 0.01
osd max object name len = 2048
osd op num shards = 2
osd op num threads per shard = 2

[client]
rgw frontends = $rgw_front
rgw thread pool size = 64
rgw enable usage log = false
rgw enable apis = s3, admin
rgw data = $s3_at/rgw
rgw region =
rgw lc debug interval = 10
rgw gc processor period = 60
rgw crypt require ssl = false
rgw crypt s3 kms backend = testing
rgw crypt s3 kms encryption keys = count-key=Y291bnQtdGVzdC1rZXktMzItYnl0ZXMtbG9uZy0wMDA=
debug rgw = 1
END
}

# ceph COMMAND ARG...: with this cluster's settings.
rgw_ceph() { rgw_program=$1; shift; "$rgw_program" -c "$s3_at/ceph.conf" -k "$s3_at/keyring" "$@"; }

rgw_start()
{
	export CEPH_CONF="$s3_at/ceph.conf" CEPH_ARGS=
	rm -rf "$s3_at" && mkdir -p "$s3_at/mon" "$s3_at/osd" "$s3_at/log" "$s3_at/rgw" "$s3_at/run" || return
	rgw_run=$s3_at/run rgw_fsid=$(cat /proc/sys/kernel/random/uuid) rgw_scheme=http
	read -r rgw_mon_port rgw_port <<-END
		$(s3_free_ports 2)
	END
	rgw_front="beast endpoint=127.0.0.1:$rgw_port tcp_nodelay=1"
	if [ "$s3_kind" = rgw-tls ]; then
		sh "$s3_lib/make-certs.sh" "$s3_at/tls" || return
		rgw_scheme=https
		rgw_front="beast ssl_endpoint=127.0.0.1:$rgw_port ssl_certificate=$s3_at/tls/${RGW_CERT:-server}.pem"
		export S3_CA_BUNDLE="$s3_at/tls/ca.pem"
	fi
	rgw_conf >"$s3_at/ceph.conf"
	: >"$s3_at/keyring"
	rgw_cluster && rgw_gateway && return
	# shellcheck disable=SC2086 # a list of ids
	s3_end $s3_pids
	return 1
}

rgw_cluster()
{
	rgw_uuid=$(cat /proc/sys/kernel/random/uuid)
	monmaptool --create --clobber --fsid "$rgw_fsid" --addv a "[v1:127.0.0.1:$rgw_mon_port]" "$s3_at/monmap" &&
		rgw_ceph ceph-mon --mkfs -i a --monmap "$s3_at/monmap" || return
	s3_run "$s3_at/log/mon.out" ceph-mon -c "$s3_at/ceph.conf" -k "$s3_at/keyring" -f -i a
	$rgw_python "$s3_lib/mon.py" "$s3_at/ceph.conf" "$s3_at/keyring" "$rgw_uuid" &&
		rgw_ceph ceph-osd -i 0 --mkfs --osd-uuid "$rgw_uuid" || return
	s3_run "$s3_at/log/osd.out" ceph-osd -c "$s3_at/ceph.conf" -k "$s3_at/keyring" -f -i 0
	$rgw_python "$s3_lib/mon.py" "$s3_at/ceph.conf" "$s3_at/keyring"
} >>"$s3_at/log/start" 2>&1

rgw_gateway()
{
	export AWS_ACCESS_KEY_ID=COUNTTESTACCESSKEY00 AWS_SECRET_ACCESS_KEY='count/test+secret/key/0123456789abcdefgh'
	rgw_ceph radosgw-admin user create --uid=count --display-name=count --access-key="$AWS_ACCESS_KEY_ID" \
		--secret-key="$AWS_SECRET_ACCESS_KEY" || return
	(
		cd "$s3_at" && rgw_ceph radosgw-admin zone get >zone.json &&
			rgw_ceph radosgw-admin zonegroup get >zonegroup.json && python3 "$s3_lib/storage-classes.py" &&
			rgw_ceph radosgw-admin zonegroup set --infile zonegroup.json &&
			rgw_ceph radosgw-admin zone set --infile zone.json
	) || return
	s3_run "$s3_at/log/rgw.out" radosgw -c "$s3_at/ceph.conf" -k "$s3_at/keyring" -f -n client.rgw
	export S3_ENDPOINT="$rgw_scheme://127.0.0.1:$rgw_port"
	s3_await 30 python3 "$s3_lib/s3req.py" -k PUT
} >>"$s3_at/log/start" 2>&1

# rgw_user NAME ACTION...: keys in rgw_user_key, rgw_user_secret.  A bucket policy says what the user may do, also with
# objects of his own, and that the bucket's owner may do all with these.
rgw_user()
{
	rgw_user_key=COUNTTESTUSER$1 rgw_user_secret=count/test/secret/of/$1
	rgw_ceph radosgw-admin user create --uid="$1" --display-name="$1" --access-key="$rgw_user_key" \
		--secret-key="$rgw_user_secret" >>"$s3_at/log/start" 2>&1
	rgw_user_name=$1; shift
	{
		rgw_principal="\"Principal\":{\"AWS\":[\"arn:aws:iam:::user"
		rgw_on="\"Resource\":[\"arn:aws:s3:::$S3_BUCKET\",\"arn:aws:s3:::$S3_BUCKET/*\"]"
		printf '{"Version":"2012-10-17","Statement":['
		printf '{"Effect":"Allow",%s/count"]},%s,"Action":["s3:*"]}' "$rgw_principal" "$rgw_on"
		for rgw_action in GetObject PutObject DeleteObject ListBucket; do
			case " $* " in *" $rgw_action "*) continue ;; esac
			printf ',{"Effect":"Deny",%s/%s"]},%s,"Action":["s3:%s"]}' "$rgw_principal" "$rgw_user_name" \
				"$rgw_on" "$rgw_action"
		done
		for rgw_action; do
			printf ',{"Effect":"Allow",%s/%s"]},%s,"Action":["s3:%s"]}' "$rgw_principal" "$rgw_user_name" \
				"$rgw_on" "$rgw_action"
		done
		printf ']}\n'
	} >"$s3_at/policy.json"
	s3_request -d "$s3_at/policy.json" PUT '' policy >>"$s3_at/log/start"
}
