#!/usr/bin/env bash
# HAProxy 2.6.12 tells a name whose string is a BMPString in UTF-16 and one in a TeletexString in Latin-1, undeclared,
# unless it is asked for by RFC 2253: the same common name reads differently by the type that the authority chose.
#
# Run: HAProxy with client certificates, `ssl_c_s_dn(cn)` and `ssl_c_s_dn(,0,rfc2253)` sent back in response fields, and
# three certificates with the common name "Gerät", as UTF8String, BMPString and TeletexString. RFC 5280 lets a name be
# any of these, the latter two where an authority has written them before (§4.1.2.4).
# Expected: one text for one name. RFC 5280 §7.1 compares names as RFC 4518 prepares them, whose first step (§2.1) makes
# Unicode of every type of string.
# Seen (HAProxy 2.6.12, 2026-11): by RFC 2253 all three read `CN=Ger\C3\A4t`. The common name alone is handed on as it lies in
# the certificate: UTF-8; UTF-16, with each zero octet written as `%00`; and Latin-1, whose octet E4 is no UTF-8.
# Before an MDM server: devices of an authority that writes BMPStrings are looked up under a name that no record has.
# Workaround: `ssl_c_s_dn(,0,rfc2253)`, or `ssl_c_der,base64`, and read the certificate in the application.
set -euo pipefail
work=$(mktemp -d)
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
need openssl openssl && need node nodejs
from_debian haproxy liblua5.3-0 libopentracing-c-wrapper0 libopentracing1

openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj '/CN=authority' -days 30 2>/dev/null
cat ca.key ca.pem > server.pem
device() {
  printf '[req]\nprompt = no\nutf8 = yes\nstring_mask = %s\ndistinguished_name = name\n[name]\nCN = Gerät\n' "$2" > "$1.cnf"
  openssl req -new -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -config "$1.cnf" 2>/dev/null
  openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -days 20 -out "$1.pem" 2>/dev/null
}
device utf8 utf8only
device bmp MASK:0x800
device teletex MASK:0x4

port=$(free_port)
cat > haproxy.cfg <<CONF
defaults
  mode http
  timeout client 10s
  timeout server 10s
  timeout connect 10s
frontend devices
  bind 127.0.0.1:$port ssl crt $work/server.pem ca-file $work/ca.pem verify required
  http-request return status 200 hdr X-CN "%[ssl_c_s_dn(cn)]" hdr X-DN "%[ssl_c_s_dn(,0,rfc2253)]"
CONF
cat > get.cjs <<'JS'
const { readFileSync } = require('node:fs')
const [port, name] = process.argv.slice(2)
const tls = { key: readFileSync(`${name}.key`), cert: readFileSync(`${name}.pem`), ca: readFileSync('ca.pem') }
const request = { host: '127.0.0.1', port, agent: false, checkServerIdentity: () => undefined, ...tls }
const shown = (value) => Buffer.from(value, 'latin1').toString('latin1').replace(/[^ -~]/g, (one) => `<${one.charCodeAt(0).toString(16)}>`)
require('node:https').get(request, (answer) => answer.resume() && console.log(`${shown(answer.headers['x-cn'])} | ${answer.headers['x-dn']}`))
JS
become_unpacked usr/sbin/haproxy -db -f haproxy.cfg > haproxy.log 2>&1 &
child=$!
for _ in $(seq 100); do
  if node get.cjs "$port" utf8 >/dev/null 2>&1; then break; fi
  sleep 0.1
done

seen UTF8String 'Ger<c3><a4>t | CN=Ger\C3\A4t' "$(node get.cjs "$port" utf8)"
seen BMPString '%00G%00e%00r%00<e4>%00t | CN=Ger\C3\A4t' "$(node get.cjs "$port" bmp)"
seen TeletexString 'Ger<e4>t | CN=Ger\C3\A4t' "$(node get.cjs "$port" teletex)"
verdict 'RFC 5280 §4.1.2.4, a name may be a BMPString or TeletexString; §7.1 with RFC 4518 §2.1, names are compared as Unicode'
