#!/bin/sh
# t0010 - each layer includes only what lies below it, and the check sees it when one does not.
. "${srcdir:-$(dirname "$0")}/tap.sh"
check=$top_srcdir/tools/check-layers.sh

# refused FOLDER INCLUDE [NAME]: a tree with this one line is refused.
refused()
{
	rm -rf tree
	mkdir -p "tree/src/libcount" "tree/$1"
	printf '/* x.c */\n#include %s\n' "$2" >"tree/$1/${3:-x}.c"
	exits 1 sh "$check" tree
}

accepted() { refused "$@"; sh "$check" tree; }

plan 18
ok 'the tree holds its layers'		sh "$check" "$top_srcdir"
ok 'codec may not see format'		refused src/libcount/codec '"format/block.h"'
ok 'format may not read files'		refused src/libcount/format '<fcntl.h>'
ok 'codec may not see the clock'	refused src/libcount/codec '<time.h>'
ok 'hot may not see store'		refused src/libcount/hot '"store/warm.h"'
ok 'base may not see codec'		refused src/libcount/base '"codec/chunk.h"'
ok 'a tool may not see base'		refused src/tools '"base/buf.h"'
ok 'cli may not go round by ..'		refused src/cli '"../libcount/base/buf.h"'
ok 'engine may not use libcurl'		refused src/libcount/engine '<curl/curl.h>'
ok 'cli may not use libarchive'		refused src/cli '<archive.h>'
ok 'a new folder needs a rule'		refused src/libcount/misc '<stdio.h>'
ok 's3 sees of store only objstore.h'	refused src/libcount/s3 '"store/datadir.h"'
ok 'store may not use libcrypto'	refused src/libcount/store '<openssl/hmac.h>'
ok 'signing may not see the clock'	refused src/libcount/s3 '<time.h>' sigv4
ok 's3 may see objstore.h'		accepted src/libcount/s3 '"store/objstore.h"'
ok 'codec may see base'			accepted src/libcount/codec '"base/buf.h"'
ok 'a module may use its library'	accepted src/modules '<pcre2.h>'
ok 'a tool may see count.h'		accepted src/tools '"count.h"'
