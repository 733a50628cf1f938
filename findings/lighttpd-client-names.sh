#!/usr/bin/env bash
# lighttpd 1.4.69 names the same client certificate in three ways, depending on the TLS module, and mod_mbedtls
# leaves the attribute UID out.
#
# Run: the same configuration with mod_openssl, mod_gnutls and mod_mbedtls, one CGI program that prints its
# environment, and one client certificate; its subject has a comma in the organization and a UID, and the top bit of
# its serial number is set.
# Expected: the same SSL_CLIENT_S_DN and SSL_CLIENT_M_SERIAL. lighttpd's documentation ("Docs_SSL") presents the
# modules as alternatives for the same ssl.* options. RFC 4514 §2.4: a comma in a value is escaped; §2.3: a type
# without a short name is written as its number, and UID has a short name (§3).
# Seen (lighttpd 1.4.69, 2026-11): mod_openssl prints OpenSSL's one-line form with quotation marks, first part first;
# mod_gnutls prints RFC 4514, last part first, and the serial with its sign octet 00; mod_mbedtls prints neither
# quotation marks nor escapes, and the UID is missing, in SSL_CLIENT_S_DN and as SSL_CLIENT_S_DN_UID. Nothing is
# logged.
# Before an MDM server: an application that looks devices up by name or serial finds none of them after the TLS
# module is changed, and one that reads the UID sees devices without it.
# Workaround: `ssl.verifyclient.exportcert` and SSL_CLIENT_CERT, and read the certificate in the application.
set -euo pipefail
work=$(mktemp -d)
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
need openssl openssl && need node nodejs
from_debian lighttpd lighttpd-mod-openssl lighttpd-mod-gnutls lighttpd-mod-mbedtls \
  libmbedtls14 libmbedx509-1 libmbedcrypto7

openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj '/CN=authority' -days 30 2>/dev/null
openssl req -new -newkey rsa:2048 -nodes -keyout device.key -out device.csr \
  -subj '/O=Acme, Inc./UID=42/CN=device' 2>/dev/null
openssl x509 -req -in device.csr -CA ca.pem -CAkey ca.key -set_serial 0x00ABCDEF -days 20 -out device.pem 2>/dev/null
cat ca.key ca.pem > server.pem
mkdir www
cat > www/names.sh <<'CGI'
printf 'Content-Type: text/plain\r\n\r\n'
echo "$SSL_CLIENT_M_SERIAL | $SSL_CLIENT_S_DN | UID ${SSL_CLIENT_S_DN_UID-absent}"
CGI
cat > get.cjs <<'JS'
const { readFileSync } = require('node:fs')
const [port] = process.argv.slice(2)
const tls = { key: readFileSync('device.key'), cert: readFileSync('device.pem'), ca: readFileSync('ca.pem') }
const request = { host: '127.0.0.1', port, path: '/names.sh', checkServerIdentity: () => undefined, ...tls }
require('node:https').get(request, (answer) => answer.pipe(process.stdout))
JS
names() {
  local port
  port=$(free_port)
  cat > "$1.conf" <<CONF
server.modules = ("mod_$1", "mod_cgi")
server.bind = "127.0.0.1"
server.port = $port
server.document-root = "$work/www"
server.errorlog = "$work/$1.log"
ssl.engine = "enable"
ssl.pemfile = "$work/server.pem"
ssl.verifyclient.activate = "enable"
ssl.verifyclient.ca-file = "$work/ca.pem"
cgi.assign = (".sh" => "/bin/sh")
CONF
  become_unpacked usr/sbin/lighttpd -D -m "$root/usr/lib/lighttpd" -f "$1.conf" 2> "$1.err" &
  local server=$!
  wait_for "$1.log" 'server started'
  node get.cjs "$port"
  kill "$server"
  wait "$server" 2>/dev/null || true
}

openssl=$(names openssl)
gnutls=$(names gnutls)
mbedtls=$(names mbedtls)
seen mod_openssl 'ABCDEF | O = "Acme, Inc.", UID = 42, CN = device | UID 42' "$openssl"
seen mod_gnutls '00ABCDEF | CN=device,UID=42,O=Acme\, Inc. | UID 42' "$gnutls"
seen mod_mbedtls 'ABCDEF | O=Acme, Inc., CN=device | UID absent' "$mbedtls"
verdict 'RFC 4514 §2.4, a comma in a value is escaped; §2.3, an attribute without a short name has its number'
