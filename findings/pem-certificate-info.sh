#!/usr/bin/env bash
# pem 1.14.8 returns escapes and neighbours of a name's values as if they were a part of the values.
#
# Run: readCertificateInfo for a certificate with a comma in the organization, two attributes in one part of its
# subject, and the serial number 0A1B.
# Expected: the values. RFC 5280 §4.1.2.4: a part of a name may have several attributes. The backslash of RFC 4514
# §2.4 belongs to the written form, and §2.2 separates the attributes of a part by `+`.
# Seen (pem 1.14.8, 2026-11): the package reads the text output of `openssl x509` with regular expressions. The
# organization is `Acme\, Inc.`, the UID is `42 + OU = Sales` beside the unit `Sales`, and the serial is
# `2587 (0xa1b)`, where a longer one is `ab:cd:...`. No error.
# Before an MDM server: a portal that shows or compares what this package reads does not find organizations with a
# comma, nor devices whose user identifier shares a part with another attribute.
# Workaround: Node's X509Certificate, or readCertificateInfo for nothing but validity and alternative names.
set -euo pipefail
work=$(mktemp -d)
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
need openssl openssl && need node nodejs
from_npm pem@1.14.8
openssl version

openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out device.pem -days 30 -set_serial 0x0A1B \
  -multivalue-rdn -subj '/O=Acme, Inc./OU=Sales+UID=42/CN=device' 2>/dev/null

cat > info.cjs <<'JS'
const { readFileSync } = require('node:fs')
require('pem').readCertificateInfo(readFileSync('device.pem', 'utf8'), (error, info) => {
  if (error) throw error
  console.log([info.organization, info.UID, info.organizationUnit, info.serial].join(' | '))
})
JS

seen 'organization, UID, unit, serial' \
  'Acme\, Inc. | 42 + OU = Sales | Sales | 2587 (0xa1b)' "$(node info.cjs)"
verdict 'RFC 5280 §4.1.2.4 and RFC 4514 §2.2 and §2.4, escapes and separators are no part of a value'
