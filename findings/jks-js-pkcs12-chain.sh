#!/usr/bin/env bash
# jks-js 1.1.7 refuses a PKCS#12 file whose CA certificates have no friendly name, and keeps one CA of several that
# have the same name.
#
# Run: a device's key and certificate with two CA certificates are written to PKCS#12 by OpenSSL, without names for the
# CAs, with one name for both, and with two names, and read with toPem.
# Expected: RFC 7292 §4.2: the attributes of a bag are optional, so a certificate needs no friendly name (RFC 2985
# §5.5.1), and nothing there makes a name stand for one certificate alone. The package's description: toPem extracts
# certificates from a Java key store or trust store; it reads PKCS#12 too.
# Seen (jks-js 1.1.7, 2026-12): a certificate without a name is a TypeError, which does not tell what is wrong. Of two
# CAs with one name the second is returned alone, without an error.
# Before an MDM server: `openssl pkcs12 -export -certfile` writes a chain without names. Where a name is given to the
# chain, an intermediate CA can be lost, and a server that presents what is left cannot be verified by devices.
# Workaround: `-caname` once for each CA, each another name, or parsePkcs12, which returns each bag.
set -euo pipefail
work=$(mktemp -d)
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
need openssl openssl && need node nodejs
from_npm jks-js@1.1.7

openssl req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -days 30 -subj '/CN=root' 2>/dev/null
openssl req -x509 -newkey rsa:2048 -nodes -keyout device.key -out intermediate.pem -days 30 \
  -subj '/CN=intermediate' 2>/dev/null
openssl req -new -newkey rsa:2048 -nodes -keyout device.key -out device.csr -subj '/CN=device' 2>/dev/null
openssl x509 -req -in device.csr -CA root.pem -CAkey root.key -days 20 -out device.pem 2>/dev/null
cat intermediate.pem root.pem > chain.pem
cat > read.cjs <<'JS'
const { readFileSync } = require('node:fs')
const { X509Certificate } = require('node:crypto')
const { parsePkcs12, toPem } = require('jks-js')
const store = readFileSync('store.p12')
const certificates = parsePkcs12(store, 'secret').filter((bag) => bag.cert)
if (process.argv[2] === 'bags') console.log(certificates.length)
else
  try {
    const entries = Object.entries(toPem(store, 'secret'))
    const cas = entries.filter(([, { ca }]) => ca)
    console.log(cas.map(([name, { ca }]) => `${name}: ${new X509Certificate(ca).subject}`).sort().join(', '))
  } catch (error) {
    console.log(`${error.name}: ${error.message}`)
  }
JS
store() {
  openssl pkcs12 -export -inkey device.key -in device.pem -certfile chain.pem -name device -passout pass:secret \
    -out store.p12 "$@"
}

store
seen 'without names, certificates in the bags' 3 "$(node read.cjs bags)"
seen 'without names' "TypeError: Cannot read properties of undefined (reading '0')" "$(node read.cjs)"
store -caname chain -caname chain
seen 'one name, certificates in the bags' 3 "$(node read.cjs bags)"
seen 'one name' 'chain: CN=root' "$(node read.cjs)"
store -caname one -caname two
seen 'two names' 'one: CN=intermediate, two: CN=root' "$(node read.cjs)"
verdict 'RFC 7292 §4.2, the attributes of a bag are optional'
