#!/usr/bin/env bash
# easy-ocsp 1.3.0 refuses a certificate that names an OCSP responder and no place of its issuer, though it is given
# the issuer.
#
# Run: a certificate whose authority information access has an OCSP entry alone, checked against a responder of
# OpenSSL on this machine; the issuer is handed over as `ca`. Then the same with `ocspUrl` given in addition.
# Expected: the status. RFC 5280 §4.2.2.1: the extension is a list of access descriptions; neither method is
# required, and the two are independent. The package's own description of `ca`: the issuer is downloaded only when
# it is not provided.
# Seen (easy-ocsp 1.3.0, 2026-11): the exception "Certificate does not contain issuer url", before any request. With
# `ocspUrl` set to the address that the certificate has anyway, the status is good.
# Before an MDM server: private authorities for devices often write only the OCSP address, because their clients
# have the chain. A check of such devices fails closed for all of them, or, where errors are ignored, never runs.
# Workaround: read the OCSP address from Node's `infoAccess` and pass it as `ocspUrl` together with `ca`.
set -euo pipefail
work=$(mktemp -d)
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
need openssl openssl && need node nodejs
from_npm easy-ocsp@1.3.0

port=$(free_port)
openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj '/CN=authority' -days 30 2>/dev/null
openssl req -new -newkey rsa:2048 -nodes -keyout leaf.key -out leaf.csr -subj '/CN=device' 2>/dev/null
echo "authorityInfoAccess=OCSP;URI:http://127.0.0.1:$port/" > leaf.cnf
openssl x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -set_serial 0x1234 -days 20 -extfile leaf.cnf \
  -out leaf.pem 2>/dev/null
printf 'V\t380101000000Z\t\t1234\tunknown\t/CN=device\n' > index.txt
openssl ocsp -index index.txt -port "$port" -rsigner ca.pem -rkey ca.key -CA ca.pem -ignore_err > responder.log 2>&1 &
child=$!
wait_for responder.log 'waiting for'

cat > check.mjs <<'JS'
import { readFileSync } from 'node:fs'
import { getCertStatus } from 'easy-ocsp'
const [port, given] = process.argv.slice(2)
const options = { ca: readFileSync('ca.pem', 'utf8') }
if (given === 'url') options.ocspUrl = `http://127.0.0.1:${port}/`
try {
  console.log((await getCertStatus(readFileSync('leaf.pem', 'utf8'), options)).status)
} catch (error) {
  console.log(error.message)
}
JS

seen 'with ca' 'Certificate does not contain issuer url' "$(node check.mjs "$port" none)"
seen 'with ca and ocspUrl' 'good' "$(node check.mjs "$port" url)"
verdict 'RFC 5280 §4.2.2.1, each access description is optional and stands alone'
