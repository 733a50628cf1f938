#!/usr/bin/env bash
# Hitch 1.7.2 sends the client's certificate to its backend under the label TRUSTED CERTIFICATE, and leaves the server's
# name out when a TLS 1.2 session is resumed.
#
# Run: Hitch with client-verify, proxy-client-cert and one certificate; a backend prints what it gets in the header of
# the PROXY protocol; a client comes with a certificate and asks for a name that the certificate of Hitch does not hold,
# once anew and once with the session of before.
# Expected: hitch.conf(5): with proxy-client-cert the client's certificate is sent in PEM. RFC 7468 §5.1: a certificate
# is encoded under the label CERTIFICATE. PROXY protocol §2.2.2: PP2_TYPE_AUTHORITY is an exact copy of the TLS
# extension server_name, which the client sends each time.
# Seen (Debian's hitch 1.7.2-1+b1, 2026-12): the label is TRUSTED CERTIFICATE, a form of OpenSSL's own, and Python's ssl
# module refuses it. The name is sent for a new connection and for a resumed one with TLS 1.3; for a resumed one with
# TLS 1.2 there is no PP2_TYPE_AUTHORITY.
# Before an MDM server: a backend that takes the device's identity from this TLV finds none when its
# library knows the labels of RFC 7468 alone, and one that chooses a site by the authority may choose another one for a
# device that comes back.
# Workaround: replace the label before the certificate is read; give Hitch a certificate that holds each name (then the
# authority is sent each time), or allow TLS 1.3 only.
set -euo pipefail
work=$(mktemp -d)
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
need openssl openssl && need node nodejs && need python3 python3
from_debian hitch libev4

openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj '/CN=authority' -days 30 2>/dev/null
openssl req -new -newkey rsa:2048 -nodes -keyout device.key -out device.csr -subj '/CN=device' 2>/dev/null
openssl x509 -req -in device.csr -CA ca.pem -CAkey ca.key -days 20 -out device.pem 2>/dev/null
cat ca.key ca.pem > server.pem
# Answers one connection with what its header holds, as JSON.
cat > backend.cjs <<'JS'
const server = require('node:net').createServer((socket) => {
  let read = Buffer.alloc(0)
  socket.on('error', () => {})
  socket.on('data', (data) => {
    read = Buffer.concat([read, data])
    if (read.length < 16 || read.length < 16 + read.readUInt16BE(14)) return
    const found = { authority: null, certificate: null }
    // 16 octets of header and 12 of IPv4 addresses.
    for (let at = 28; at < 16 + read.readUInt16BE(14); at += 3 + read.readUInt16BE(at + 1)) {
      const value = read.toString('utf8', at + 3, at + 3 + read.readUInt16BE(at + 1))
      if (read[at] === 0x02) found.authority = value
      if (read[at] === 0xe0) found.certificate = value
    }
    socket.end(JSON.stringify(found))
  })
})
server.listen(0, '127.0.0.1', () => console.log(`ready ${server.address().port}`))
JS
cat > client.cjs <<'JS'
const { readFileSync } = require('node:fs')
const { connect } = require('node:tls')
const [port, version, what] = process.argv.slice(2)
const options = { host: '127.0.0.1', port, servername: 'mdm.example', ca: readFileSync('ca.pem') }
Object.assign(options, { key: readFileSync('device.key'), cert: readFileSync('device.pem') })
Object.assign(options, { minVersion: version, maxVersion: version, checkServerIdentity: () => undefined })
function visit(session, then) {
  let answer = ''
  let kept
  const socket = connect({ ...options, session })
  socket.on('session', (given) => (kept = given))
  socket.on('data', (data) => (answer += data))
  socket.on('end', () => then(JSON.parse(answer), kept, socket.isSessionReused()))
}
const shown = (found, reused) => `${reused ? 'resumed' : 'new'}, ${found.authority}`
visit(undefined, (first, session, reused) => {
  if (what === 'certificate') return process.stdout.write(first.certificate)
  return visit(session, (second, _, again) => console.log(`${shown(first, reused)}; ${shown(second, again)}`))
})
JS
node backend.cjs > backend.log 2>&1 &
child=$!
wait_for backend.log ready
port=$(free_port)
cat > hitch.conf <<CONF
frontend = "[127.0.0.1]:$port"
backend = "[127.0.0.1]:$(sed 's/ready //' backend.log)"
pem-file = "$work/server.pem"
client-verify = optional
client-verify-ca = "$work/ca.pem"
write-proxy-v2 = on
proxy-client-cert = on
workers = 1
log-level = 2
$([ "$(id -u)" != 0 ] || echo 'user = "daemon"')
CONF
become_unpacked usr/sbin/hitch --config=hitch.conf > hitch.log 2>&1 &
hitch=$!
trap 'kill "$hitch" 2>/dev/null || true; clean_up' EXIT
wait_for hitch.log 'initialization complete'

node client.cjs "$port" TLSv1.3 certificate > sent.pem
seen 'label' '-----BEGIN TRUSTED CERTIFICATE-----' "$(sed -n 1p sent.pem)"
seen 'Python, ssl' 'Invalid PEM encoding; must start with -----BEGIN CERTIFICATE-----' "$(python3 -c '
import ssl
try:
    print(len(ssl.PEM_cert_to_DER_cert(open("sent.pem").read())))
except ValueError as error:
    print(error)')"
seen 'authority, TLS 1.3' 'new, mdm.example; resumed, mdm.example' "$(node client.cjs "$port" TLSv1.3 authority)"
seen 'authority, TLS 1.2' 'new, mdm.example; resumed, null' "$(node client.cjs "$port" TLSv1.2 authority)"
verdict 'RFC 7468 §5.1, the label is CERTIFICATE; PROXY protocol §2.2.2, the authority is a copy of server_name'
