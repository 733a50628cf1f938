#!/usr/bin/env bash
# jksreader 1.0.0 returns a piece of an entry of a Java trust store in place of its certificate, and leaves out the
# entries behind it.
#
# Run: a JKS trust store with two trusted certificates is written octet by octet (keytool of OpenJDK lists such a file)
# and read with parse; jks-js, which also checks the digest at its end, stands beside it.
# Expected: the description of the format in OpenJDK's JavaKeyStore (engineStore): an entry with the tag 2 is the tag,
# the alias, a time of 8 octets, the certificate's type, its length and its encoding.
# Seen (jksreader 1.0.0, 2026-12): of two entries one is returned. Its type is the alias. Its length is taken from the
# upper half of the time, 395 octets in a store of November 2023, and its data begins with the lower half. No
# error is raised.
# Before an MDM server: the authorities of a Java server (Tomcat, Jetty) that a proxy takes over from its trust store
# are lost or unreadable, and their number is wrong.
# Workaround: jks-js, or `keytool -exportcert -rfc` for each alias.
set -euo pipefail
work=$(mktemp -d)
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
need openssl openssl && need node nodejs
from_npm jksreader@1.0.0 jks-js@1.1.7

for name in first second; do
  openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -outform der -out "$name.der" -days 30 \
    -subj "/CN=$name authority" 2>/dev/null
done
cat > write.cjs <<'JS'
const { createHash } = require('node:crypto')
const { readFileSync, writeFileSync } = require('node:fs')
const int = (value) => Buffer.from([value >>> 24, value >>> 16, value >>> 8, value])
const text = (value) => Buffer.concat([int(value.length).subarray(2), Buffer.from(value)])
const time = Buffer.alloc(8)
time.writeBigUInt64BE(1700000000000n)
const entries = ['first', 'second'].map((alias) => {
  const certificate = readFileSync(`${alias}.der`)
  return Buffer.concat([int(2), text(alias), time, text('X.509'), int(certificate.length), certificate])
})
const body = Buffer.concat([int(0xfeedfeed), int(2), int(entries.length), ...entries])
const password = Buffer.from('secret', 'utf16le').swap16()
const digest = createHash('sha1').update(password).update('Mighty Aphrodite').update(body).digest()
writeFileSync('trust.jks', Buffer.concat([body, digest]))
JS
node write.cjs
cat > read.cjs <<'JS'
const { readFileSync } = require('node:fs')
const store = readFileSync('trust.jks')
const shown = {
  jksreader() {
    const { material } = require('jksreader').parse(store)
    return material.map(({ type, data }) => `${type}, ${data.length} octets, ${data.toString('hex', 0, 6)}`)
  },
  'jks-js'() {
    const { parseJks } = require('jks-js')
    const same = (entry) => entry.cert.value.equals(readFileSync(`${entry.alias}.der`))
    return parseJks(store, 'secret').map((entry) => `${entry.alias}, ${same(entry) ? 'as written' : 'changed'}`)
  },
}
console.log(shown[process.argv[2]]().join('; '))
JS

seen jks-js 'first, as written; second, as written' "$(node --no-deprecation read.cjs jks-js)"
seen jksreader 'first, 395 octets, cfe568000005' "$(node --no-deprecation read.cjs jksreader)"
verdict "OpenJDK's JavaKeyStore, engineStore: tag 2, alias, time, then the certificate"
