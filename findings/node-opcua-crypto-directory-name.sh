#!/usr/bin/env bash
# node-opcua-crypto 6.0.0 leaves a directory name out of the subject alternative names of a certificate.
#
# Run: a certificate whose alternative names are a DNS name, a URI, a registered id and a directory name is read with
# exploreCertificate.
# Expected: RFC 5280 §4.2.1.6: directoryName [4] is one of the nine kinds of a general name.
# Seen (node-opcua-crypto 6.0.0, 2026-12): three kinds are listed. The fourth is a line "INVALID TYPE" on the console,
# and the caller gets neither the name nor an error.
# Before an MDM server: authorities that follow Microsoft's or a public administration's profiles put the holder's
# directory entry there; a service that finds the device's owner by it finds none.
# Workaround: read the extension with @peculiar/x509 or node:crypto (subjectAltName).
set -euo pipefail
work=$(mktemp -d)
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
need openssl openssl && need node nodejs
from_npm node-opcua-crypto@6.0.0

cat > request.cnf <<'CNF'
[req]
distinguished_name = dn
prompt = no
x509_extensions = extensions
[dn]
CN = device
[extensions]
subjectAltName = DNS:device.example, URI:urn:uuid:1, RID:1.2.3, dirName:entry
[entry]
O = Example
CN = holder
CNF
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out device.pem -days 30 -config request.cnf 2>/dev/null
cat > read.cjs <<'JS'
const { exploreCertificate } = require('node-opcua-crypto')
const { X509Certificate } = require('node:crypto')
const certificate = new X509Certificate(require('node:fs').readFileSync('device.pem'))
const said = []
for (const way of ['log', 'warn', 'error']) console[way] = (...words) => said.push(words.join(' '))
const { subjectAltName } = exploreCertificate(certificate.raw).tbsCertificate.extensions
process.stdout.write(
  { kinds: Object.keys(subjectAltName).sort().join(' '), said: said.join('\n'), node: certificate.subjectAltName }[
    process.argv[2]
  ],
)
JS

seen 'kinds that are listed' 'dNSName registeredID uniformResourceIdentifier' "$(node read.cjs kinds)"
seen 'on the console' '_readGeneralNames: INVALID TYPE => 36 0x24' "$(node read.cjs said)"
seen 'node:crypto, the kinds' 'DNS URI Registered ID DirName' \
  "$(node read.cjs node | grep -oE '(^|, )[A-Z][A-Za-z ]+:' | tr -d ',:' | xargs)"
verdict 'RFC 5280 §4.2.1.6: a general name may be a directoryName'
