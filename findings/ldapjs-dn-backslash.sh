#!/usr/bin/env bash
# @ldapjs/dn 1.1.0 prints a backslash in a name without escaping it, and drops escaped spaces at the ends of a value.
#
# Run: three distinguished names of RFC 4514, each parsed, printed, and parsed again.
# Expected: the same value. RFC 4514 §2.4: a backslash in a value is escaped when it is written, a space at either
# end is escaped too; §3: `\` with two hexadecimal digits is one octet, and `\ ` (or `\20`) is a space of the value.
# Seen (@ldapjs/dn 1.1.0, 2026-11): the value CORP\becker is printed as CN=CORP\becker. Read again, `\be` is one
# octet and the name is another one; of CORP\zoe the backslash is lost. The spaces at the ends, though escaped, are
# gone after the first parse. No error in any of these cases.
# Before an MDM server: devices of a Windows domain carry DOMAIN\user in the common name, and nginx and Apache hand
# the name to the application as RFC 2253 text. An application that normalizes it with this package and reads the
# result later compares with, or stores, a name that no certificate has.
# Workaround: never parse again what the package printed; compare the `#` form or the certificate itself.
set -euo pipefail
work=$(mktemp -d)
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
need node nodejs
from_npm @ldapjs/dn@1.1.0

cat > names.cjs <<'JS'
const { DN } = require('@ldapjs/dn')
const valueOf = (text) => JSON.stringify(DN.fromString(text).rdnAt(0).getValue('CN'))
const text = process.argv[2]
const printed = DN.fromString(text).toString()
console.log(`${valueOf(text)}, printed ${printed}, read again ${valueOf(printed)}`)
JS

seen 'CN=CORP\\zoe' '"CORP\\zoe", printed CN=CORP\zoe, read again "CORPzoe"' "$(node names.cjs 'CN=CORP\\zoe')"
seen 'CN=CORP\\becker' '"CORP\\becker", printed CN=CORP\becker, read again "CORP�cker"' \
  "$(node names.cjs 'CN=CORP\\becker')"
seen 'CN=\ padded\ ' '"padded", printed CN=padded, read again "padded"' "$(node names.cjs 'CN=\ padded\ ')"
verdict 'RFC 4514 §2.4 and §3, a backslash and a space at the end are escaped and belong to the value'
