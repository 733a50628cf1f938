#!/usr/bin/env bash
# Apache 2.4.71 does not double the quotation marks of an issuer in SSL_CLIENT_CERT_RFC4523_CEA.
#
# Run: Apache with client certificates, the variable sent back in a response field, and two certificates: the issuer
# of one has quotation marks in its organization, as the names of companies in Russia and Ukraine have.
# Expected: mod_ssl's documentation: the variable is the serial number and issuer in the CertificateExactAssertion
# format of RFC 4523. RFC 4523 §2.5 encodes it by the generic string encoding rules; RFC 3642 §6 makes the name in it
# such a string, and RFC 3641 §3.2 writes a quotation mark inside a string as two.
# Seen (Apache 2.4.71, 2026-11): the name is escaped once, for RFC 2253, with a backslash before the quotation mark,
# and put between quotation marks as it is. By RFC 3641 the string ends at the first inner one.
# Before an MDM server: a search for userCertificate in a directory with this assertion (the purpose of the
# variable) is refused as invalid syntax, or finds nothing, for every device of such an authority, and only for those.
# Workaround: take SSL_CLIENT_M_SERIAL and SSL_CLIENT_I_DN, double the quotation marks, and put the assertion together.
set -euo pipefail
work=$(mktemp -d)
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
need openssl openssl && need node nodejs
from_debian apache2-bin libapr1 libaprutil1

authority() {
  openssl req -x509 -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.pem" -days 30 -set_serial 7 -subj "$2" 2>/dev/null
}
authority plain /O=Example/CN=plain
authority quoted '/O=OOO "Romashka"/CN=quoted'
cat plain.pem quoted.pem > authorities.pem
port=$(free_port)
modules=$root/usr/lib/apache2/modules
cat > httpd.conf <<CONF
ServerRoot $work
ServerName localhost
User nobody
Group nogroup
LogLevel notice
PidFile $work/httpd.pid
DefaultRuntimeDir $work
Mutex file:$work default
ErrorLog $work/error.log
Listen 127.0.0.1:$port
LoadModule mpm_event_module $modules/mod_mpm_event.so
LoadModule authz_core_module $modules/mod_authz_core.so
LoadModule headers_module $modules/mod_headers.so
LoadModule ssl_module $modules/mod_ssl.so
SSLEngine on
SSLCertificateFile $work/plain.pem
SSLCertificateKeyFile $work/plain.key
SSLCACertificateFile $work/authorities.pem
SSLVerifyClient require
SSLSessionTickets off
Header always set X-Assertion "%{SSL_CLIENT_CERT_RFC4523_CEA}s"
CONF
cat > get.cjs <<'JS'
const { readFileSync } = require('node:fs')
const [port, name] = process.argv.slice(2)
const tls = { key: readFileSync(`${name}.key`), cert: readFileSync(`${name}.pem`), ca: readFileSync('plain.pem') }
const request = { host: '127.0.0.1', port, agent: false, checkServerIdentity: () => undefined, ...tls }
require('node:https').get(request, (answer) => answer.resume() && console.log(answer.headers['x-assertion']))
JS
become_unpacked usr/sbin/apache2 -DFOREGROUND -f "$work/httpd.conf" 2> start.log &
child=$!
wait_for error.log 'resuming normal operations'

seen 'issuer O=Example' '{ serialNumber 7, issuer rdnSequence:"CN=plain,O=Example" }' "$(node get.cjs "$port" plain)"
seen 'issuer O=OOO "Romashka" (RFC: O=OOO \""Romashka\"")' \
  '{ serialNumber 7, issuer rdnSequence:"CN=quoted,O=OOO \"Romashka\"" }' "$(node get.cjs "$port" quoted)"
verdict 'RFC 3642 §6 and RFC 3641 §3.2, a quotation mark inside the name is written twice'
