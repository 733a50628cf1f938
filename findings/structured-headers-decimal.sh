#!/usr/bin/env bash
# structured-headers 2.1.0 writes the decimal 1.0004 as `1.`, which no parser of structured fields reads.
#
# Run: numbers serialized as a bare item, and the result parsed with the same package.
# Expected: RFC 9651 §4.1.5: round to three fractional digits, to an even last digit when two are equally near, and
# write a fraction of zero as `.0`. §4.2.4: a number that ends with `.` fails to parse.
# Seen (structured-headers 2.1.0, 2026-11): when the fraction rounds to zero, nothing is written after the point.
# Halves are rounded away from zero: 0.0625 becomes 0.063, where the RFC has 0.062. No error is raised when writing.
# Before an MDM server: a field that carries a measured number, such as a duration or a weight next to the
# certificate fields of RFC 9440, is valid except now and then, and RFC 9651 §4.2 makes the receiver drop the whole
# field. The failure follows the measured value and is hard to reproduce.
# Workaround: round to three digits before serializing, and send an integer when the rounded number is one.
set -euo pipefail
work=$(mktemp -d)
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
need node nodejs
from_npm structured-headers@2.1.0

cat > decimal.mjs <<'JS'
import { parseItem, serializeItem } from 'structured-headers'
const written = serializeItem([Number(process.argv[2]), new Map()])
let read
try {
  read = parseItem(written)[0]
} catch {
  read = 'refused'
}
console.log(`written ${written}, read again ${read}`)
JS

seen '1.25' 'written 1.25, read again 1.25' "$(node decimal.mjs 1.25)"
seen '1.0004 (RFC: 1.0)' 'written 1., read again refused' "$(node decimal.mjs 1.0004)"
seen '-0.0001 (RFC: 0.0 or -0.0)' 'written -0., read again refused' "$(node decimal.mjs -0.0001)"
seen '0.0625 (RFC: 0.062)' 'written 0.063, read again 0.063' "$(node decimal.mjs 0.0625)"
verdict 'RFC 9651 §4.1.5, at least one digit after the point and halves to even; §4.2.4, a final point fails'
