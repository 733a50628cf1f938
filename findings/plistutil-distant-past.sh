#!/usr/bin/env bash
# plistutil (libplist 2.2.0) writes the years before 1000 with fewer than four digits, which other readers refuse.
#
# Run: the date 0001-01-01T00:00:00Z, which Apple's Foundation calls "distant past" and programs use for "never", is put
# into a binary property list by Python's plistlib, turned into XML with plistutil, and read by plistlib again.
# Expected: Apple's PropertyList-1.0 DTD: a <date> conforms to a subset of ISO 8601, with the year as YYYY.
# Seen (libplist 2.2.0, 2026-12): <date>1-01-01T00:00:00Z</date>. plistlib does not take that for a date and raises an
# error, so the whole document cannot be read. The date of 2026 in the same list is written as it should be.
# Before an MDM server: a profile or an answer of a device with such a date, turned into XML for a look or for an edit,
# can no longer be read by the server's tools.
# Workaround: convert binary property lists with plistlib.
set -euo pipefail
work=$(mktemp -d)
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
need python3 python3
from_debian libplist-utils libplist3

python3 - <<'PY'
import datetime, plistlib
dates = [datetime.datetime(1, 1, 1), datetime.datetime(2026, 1, 1)]
with open("dates.bin", "wb") as file:
    plistlib.dump(dates, file, fmt=plistlib.FMT_BINARY)
PY
unpacked usr/bin/plistutil -i dates.bin -f xml -o dates.xml
dates() { python3 - "$1" <<'PY'
import plistlib, sys
try:
    print(*(date.isoformat() for date in plistlib.load(open(sys.argv[1], "rb"))))
except Exception as error:
    print("refused:", type(error).__name__)
PY
}

seen 'plistlib, the binary form' '0001-01-01T00:00:00 2026-01-01T00:00:00' "$(dates dates.bin)"
seen 'plistutil, the dates in XML' '1-01-01T00:00:00Z 2026-01-01T00:00:00Z' \
  "$(sed -n 's/.*<date>\(.*\)<.*/\1/p' dates.xml | paste -sd' ')"
seen 'plistlib, what plistutil wrote' 'refused: AttributeError' "$(dates dates.xml)"
verdict "Apple's PropertyList-1.0 DTD, <date>: YYYY '-' MM '-' DD 'T' HH ':' MM ':' SS 'Z'"
