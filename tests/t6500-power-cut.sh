#!/bin/sh
# t6500 - the power goes, for real: a file system in an image drops what is not on its disk.  Nothing that
# was acknowledged is missing.  CUTS says how often (3, with SLOW=1 10).
. "${srcdir:-$(dirname "$0")}/tap.sh"
need python3 unshare
[ "$(id -u)" = 0 ] || skip 'only root may mount'
PATH=$PATH:/usr/sbin:/sbin
cuts=${CUTS:-${SLOW:+10}}
cuts=${cuts:-3}

echo 00000000-1111-2222-3333-444444444444 >boot_id
# apart CMD...: with mounts of its own, so that none is left behind.
apart() { unshare -m sh -c 'mount --bind boot_id /proc/sys/kernel/random/boot_id && exec "$@"' sh "$@"; }
in_dir() (cd "$1" && shift && "$@")
can_mount() {
	mkdir -p try && truncate -s 16M try.img && mkfs.ext4 -q try.img && apart mount -o loop try.img try
}
need mkfs.ext4
can_mount 2>/dev/null || skip 'no image can be mounted here'

plan 2
for kind in ext4 xfs; do
	if ! command -v "mkfs.$kind" >/dev/null; then
		skip_one "$kind" "mkfs.$kind is not installed"
		continue
	fi
	mkdir "$kind" && cp boot_id "$kind"
	ok "$kind: $cuts power cuts"	in_dir "$kind" apart "$srcdir/lib/power-cut.py" "$kind" "$cuts"
done
