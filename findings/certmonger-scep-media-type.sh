#!/usr/bin/env bash
# certmonger's SCEP client (0.79.17) refuses the certificate of an authority when the media type has a parameter,
# and the empty list of capabilities.
#
# Run: scep-submit against a server on this machine: GetCACert answered as application/x-x509-ca-cert, the same with
# `; charset=binary`, and GetCACaps answered with nothing.
# Expected: RFC 8894 §4.2.1.1 names the media type; RFC 9110 §8.3.1 lets a media type have parameters, and RFC 2045
# §5 makes a receiver ignore those that it does not know. RFC 8894 §3.5.2: an authority with none of the
# capabilities should answer with an empty message, and the client should take it for just that.
# Seen (certmonger 0.79.17, 2026-11): the whole field value is compared, so a parameter is "unexpected MIME type".
# The empty answer to GetCACaps is an "Internal error: no response".
# Before an MDM server: an HTTP framework or a proxy that adds a charset to each answer stops the enrolment of Linux
# machines that use certmonger; the message does not say which part of the type is at fault.
# Workaround: send exactly application/x-x509-ca-cert (nginx: `charset off` in that location), and let GetCACaps
# answer with at least one keyword.
set -euo pipefail
work=$(mktemp -d)
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
need openssl openssl && need node nodejs
from_debian certmonger libtalloc2 libtevent0 libpopt0 libdbus-1-3

openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -outform der -out ca.der -days 30 \
  -subj '/CN=authority' 2>/dev/null
cat > server.cjs <<'JS'
const { createServer } = require('node:http')
const { readFileSync } = require('node:fs')
const server = createServer(({ url }, answer) => {
  if (url.includes('GetCACaps')) return answer.end(url.startsWith('/empty') ? '' : 'POSTPKIOperation\nSHA-256\n')
  const parameter = url.startsWith('/parameter') ? '; charset=binary' : ''
  answer.setHeader('content-type', `application/x-x509-ca-cert${parameter}`)
  return answer.end(readFileSync('ca.der'))
})
server.listen(0, '127.0.0.1', () => console.log(`ready ${server.address().port}`))
JS
node server.cjs > server.log 2>&1 &
child=$!
wait_for server.log ready
port=$(sed 's/ready //' server.log)
submit() {
  { unpacked usr/lib/certmonger/scep-submit -u "http://127.0.0.1:$port/$1" "$2" 2>&1 || true; } |
    sed "s/:$port//" | head -1
}

seen 'GetCACert, without parameter' '-----BEGIN CERTIFICATE-----' "$(submit plain -C)"
seen 'GetCACert, with parameter' \
  'Server reply was of unexpected MIME type "application/x-x509-ca-cert; charset=binary".' "$(submit parameter -C)"
seen 'GetCACaps, two capabilities' 'POSTPKIOperation' "$(submit plain -c | head -1)"
seen 'GetCACaps, none' \
  'Internal error: no response to "http://127.0.0.1/empty?operation=GetCACaps&message=0".' "$(submit empty -c)"
verdict 'RFC 2045 §5, unknown parameters are ignored; RFC 8894 §3.5.2, an empty answer means no capabilities'
