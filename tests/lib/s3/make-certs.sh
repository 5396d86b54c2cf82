#!/bin/sh
# make-certs.sh DIR - a private CA and server certificates for this machine in DIR.
#
#	ca.pem			the CA to trust: S3_CA_BUNDLE
#	server.pem		good: key and certificate for 127.0.0.1, ::1, localhost, *.localhost, s3.localhost,
#				*.s3.localhost
#	expired.pem		the same names, but expired
#	wronghost.pem		for other.example only
#	selfsigned.pem		good names, but not from the CA
#
# and of each the key and certificate apart, NAME.key and NAME.crt.
set -eu
mkdir -p "${1:?usage: make-certs.sh DIR}"
cd "$1"
names='IP:127.0.0.1,IP:::1,DNS:localhost,DNS:*.localhost,DNS:s3.localhost,DNS:*.s3.localhost'

# ssl ARG...: quiet unless it fails.
ssl() { openssl "$@" 2>openssl.log || { cat openssl.log >&2; exit 1; }; }

# request NAME ARG...: a new key, and with it a request or certificate.
request()
{
	request_name=$1; shift
	ssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$request_name.key" \
		-subj "/CN=$request_name" "$@"
}

# certificate NAME SAN: signed by the CA.
certificate()
{
	request "$1" -new -out "$1.csr"
	printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth\n' "$2" >"$1.ext"
	ssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -out "$1.crt" -extfile "$1.ext" -days 3650
	cat "$1.key" "$1.crt" >"$1.pem"
}

request ca -x509 -out ca.pem -days 3650 -addext basicConstraints=critical,CA:TRUE \
	-addext keyUsage=critical,keyCertSign,cRLSign
certificate server "$names"
certificate wronghost DNS:other.example

mkdir -p old
: >old/index
echo 01 >old/serial
cat >old/conf <<END
[ca]
default_ca = d
[d]
database = old/index
serial = old/serial
new_certs_dir = old
default_md = sha256
policy = p
x509_extensions = x
[p]
commonName = supplied
[x]
subjectAltName = $names
END
request expired -new -out expired.csr
ssl ca -batch -config old/conf -cert ca.pem -keyfile ca.key -in expired.csr -out expired.crt -notext \
	-startdate 20200101000000Z -enddate 20200201000000Z
cat expired.key expired.crt >expired.pem

request selfsigned -x509 -out selfsigned.crt -days 3650 -addext "subjectAltName=$names"
cat selfsigned.key selfsigned.crt >selfsigned.pem
rm -rf old ./*.csr ./*.ext ./*.srl openssl.log
chmod 600 ./*.key ./*.pem
chmod 644 ca.pem
