#!/bin/sh
# check-layers.sh [TOP] - holds who may include whom.  Prints FILE:LINE: why, and is false, when a
# file of src/ includes what its layer may not see.
#
#	tools -> cli -> count.h			private headers are not on their include path either
#	engine -> all of libcount
#	cold -> store format codec base		the bucket's keys, index and cache; meets s3 only as a module
#	s3 -> store/objstore.h base		alone with libcurl, OpenSSL, expat; canon, sigv4: pure
#	bundle -> format base			alone with libarchive, beside its module
#	hot, store -> format codec base		own the files under the data directory
#	format -> codec base			bytes in memory: no files, no clock; alone with jansson, but for s3
#	codec -> base				the same
#	base -> count.h				any layer may use the types and statuses of count.h
#	modules -> base, cli, count.h		each alone with the library that it is there for
cd "${1:-.}" || exit 2
[ -d src/libcount ] || { echo "check-layers: no src/libcount in $PWD" >&2; exit 2; }

# shellcheck disable=SC2046 # our own file names have no blanks
awk '
	BEGIN {
		# Private headers a layer may include, as a pattern on the name inside the quotation marks.
		own["base"] = "^base/"
		own["codec"] = "^(codec|base)/"
		own["format"] = "^(format|codec|base)/"
		own["hot"] = "^(hot|format|codec|base)/"
		own["store"] = "^(store|format|codec|base)/"
		own["s3"] = "^(s3|base)/|^store/objstore[.]h$"
		own["cold"] = "^(cold|store|format|codec|base)/|^s3/s3[.]h$"
		own["bundle"] = "^(bundle|format|base)/"
		own["engine"] = "^(engine|bundle|cold|store|hot|format|codec|base)/"
		own["modules"] = "^(modules|base)/|^format/(json_module|manifest|manifest_json|object_json)[.]h$"
		own["modules"] = own["modules"] "|^s3/(s3|sigv4)[.]h$|^[a-z0-9_-]+[.]h$"
		own["cli"] = own["tools"] = "^[a-z0-9_-]+[.]h$"
		# Libraries and who may use them; whatever is not named here is libc, open to all.
		lib["^archive(_entry)?[.]h$"] = "^(bundle|modules)$"
		lib["^pcre2[.]h$"] = "^modules$"
		lib["^(curl|openssl)/"] = "^s3$"
		lib["^expat"] = "^s3$"
		lib["^jansson[.]h$"] = "^(format|s3)$"
		lib["^xxhash[.]h$"] = "^(base|format|hot|store|cold|engine|cli)$"
		lib["^zlib[.]h$"] = "^(s3|format|engine|modules)$"
		lib["^zstd[.]h$"] = "^(codec|engine|modules)$"
		lib["^dlfcn[.]h$"] = "^(base|engine|bundle|cli)$"
		impure = "^(fcntl|unistd|dirent|time|pthread|poll|signal)[.]h$|^sys/(stat|mman|file|time|uio|socket)"
	}
	function bad(why) { printf "%s:%d: %s\n", FILENAME, FNR, why; failed = 1 }
	FNR == 1 {
		n = split(FILENAME, part, "/")
		layer = part[2] == "libcount" ? (n > 3 ? part[3] : "top") : part[2]
	}
	/^[ \t]*#[ \t]*include/ {
		name = $0
		sub(/^[ \t]*#[ \t]*include[ \t]*/, "", name)
		quoted = name ~ /^"/
		sub(/^["<]/, "", name)
		sub(/[">].*$/, "", name)
		if (layer == "include") {
			if (quoted && name != "count.h")
				bad("count.h includes only the C library, count_manifest.h that too")
			next
		}
		if (!(layer in own)) {
			bad("a folder without a rule in tools/check-layers.sh")
			next
		}
		if (name ~ /\.\./ || name ~ /^(src|libcount)\//)
			bad("say which layer: \"" name "\"")
		else if (quoted && name !~ /^count(_manifest)?[.]h$/ && name !~ own[layer])
			bad(layer " may not include \"" name "\"")
		if (quoted)
			next
		if (name ~ /^(base|codec|format|hot|store|cold|engine|s3|bundle)\// || name == "count.h")
			bad("quotation marks for our own headers: <" name ">")
		for (pattern in lib)
			if (name ~ pattern && layer !~ lib[pattern])
				bad(layer " may not include <" name ">")
		pure = layer == "codec" || layer == "format" || FILENAME ~ "^src/libcount/s3/(canon|sigv4)[.]"
		if (pure && name ~ impure)
			bad(layer " is pure (no I/O, no clock): <" name ">")
	}
	END { exit failed }' $(find src -name '*.[ch]' | LC_ALL=C sort)
