#!/usr/bin/env bash
# node-forge 1.4.3 changes a certificate that it only reads and writes, when an ECDSA key signed it.
#
# Run: an RSA certificate signed by an EC certification authority (and one with an RSASSA-PSS signature whose salt
# length is the default), read with certificateFromPem and written with certificateToPem.
# Expected: the same certificate. RFC 5280 §4.1.1.2 wants the outer signatureAlgorithm to be identical with the
# field in the signed part, and RFC 5758 §3.2 wants no parameters for ecdsa-with-SHA256.
# Seen (node-forge 1.4.3, 2026-11): the signed part is kept, but the outer algorithm is written anew, with a NULL
# for ECDSA and with the default salt length spelled out for RSASSA-PSS. The two fields differ, so the signature no
# longer verifies and the fingerprint is another one. No error is raised. (For RSASSA-PSS there is an open report,
# digitalbazaar/forge issue 650.)
# Before an MDM server: a tool that splits a .p12 or a bundle with node-forge hands the proxy a certificate that no
# device accepts, or a device certificate whose fingerprint is not the enrolled one.
# Workaround: keep the octets that came in (Node's X509Certificate has `raw`); or, before writing, put the
# algorithm of the signed part in place of the outer one.
set -euo pipefail
work=$(mktemp -d)
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
need openssl openssl
from_npm node-forge@1.4.3

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ec.key -out ec.pem \
  -subj '/CN=EC authority' -days 30 2>/dev/null
openssl req -x509 -newkey rsa:2048 -nodes -keyout rsa.key -out rsa.pem -subj '/CN=RSA authority' -days 30 2>/dev/null
openssl req -new -newkey rsa:2048 -nodes -keyout leaf.key -out leaf.csr -subj '/CN=device' 2>/dev/null
echo 'basicConstraints=CA:FALSE' > leaf.cnf
sign() { openssl x509 -req -in leaf.csr -days 20 -set_serial 7 -extfile leaf.cnf "$@" 2>/dev/null; }
sign -CA ec.pem -CAkey ec.key -sha256 -out by-ec.pem
sign -CA rsa.pem -CAkey rsa.key -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:20 -out by-pss.pem
sign -CA rsa.pem -CAkey rsa.key -sha256 -out by-rsa.pem

cat > rewrite.cjs <<'JS'
const forge = require('node-forge')
const { readFileSync } = require('node:fs')
const { X509Certificate } = require('node:crypto')
const [file, authority] = process.argv.slice(2)
const before = readFileSync(file, 'utf8')
const after = forge.pki.certificateToPem(forge.pki.certificateFromPem(before))
const key = new X509Certificate(readFileSync(authority)).publicKey
const verifies = (pem) => new X509Certificate(pem).verify(key)
const same = new X509Certificate(before).fingerprint256 === new X509Certificate(after).fingerprint256
console.log(`verifies before ${verifies(before)}, after ${verifies(after)}, same fingerprint ${same}`)
JS

seen 'signed with RSA (PKCS#1)' 'verifies before true, after true, same fingerprint true' \
  "$(node rewrite.cjs by-rsa.pem rsa.pem)"
seen 'signed with ECDSA' 'verifies before true, after false, same fingerprint false' \
  "$(node rewrite.cjs by-ec.pem ec.pem)"
seen 'signed with RSASSA-PSS' 'verifies before true, after false, same fingerprint false' \
  "$(node rewrite.cjs by-pss.pem rsa.pem)"
verdict 'RFC 5280 §4.1.1.2, the two algorithm fields are identical; RFC 5758 §3.2, no parameters for ECDSA'
