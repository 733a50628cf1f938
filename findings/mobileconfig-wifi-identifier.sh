#!/usr/bin/env bash
# @zone-eu/mobileconfig 2.4.6 gives every Wi-Fi profile one and the same identifier, whatever the caller states.
#
# Run: two Wi-Fi profiles for two networks are made, each with an identifier of its own; a calendar profile with an
# identifier stands beside them.
# Expected: its documentation describes "identifier" as the reverse-DNS identifier of the profile. Apple's reference of
# the top level: a profile whose PayloadIdentifier is that of an installed one replaces it instead of being added.
# Seen (@zone-eu/mobileconfig 2.4.6, 2026-12): both profiles have the PayloadIdentifier org.sacredsf.profile.wifi, which
# belongs to neither caller. The calendar profile has the identifier that was stated.
# Before an MDM server: a device that is given the profiles of two networks keeps the second alone, and a profile from
# another organization that uses the package takes the place of it. No step reports an error.
# Workaround: build the Wi-Fi profile as an object, and sign it with getSignedConfig.
set -euo pipefail
work=$(mktemp -d)
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
need node nodejs
from_npm @zone-eu/mobileconfig@2.4.6

cat > made.cjs <<'JS'
const made = require('@zone-eu/mobileconfig')
const [call, identifier] = process.argv.slice(2)
const text = made[call]({
  identifier,
  wifi: { ssid: identifier, encryptionType: 'WPA2', password: 'password' },
  dav: { hostname: 'server.example' },
})
// The top level stands first in one profile and last in the other: each distinct identifier is shown.
const found = [...text.matchAll(/PayloadIdentifier<\/key>\s*<string>([^<]*)/g)].map(([, one]) => one)
console.log([...new Set(found)].sort().join(' '))
JS

seen 'Wi-Fi, org.example.one' 'org.sacredsf.profile.wifi org.sacredsf.profiles.wifi' \
  "$(node made.cjs getWifiConfig org.example.one)"
seen 'Wi-Fi, org.example.two' 'org.sacredsf.profile.wifi org.sacredsf.profiles.wifi' \
  "$(node made.cjs getWifiConfig org.example.two)"
seen 'CalDAV, org.example.one' 'org.example.one' \
  "$(node made.cjs getCalDAVConfig org.example.one)"
verdict 'Apple, TopLevel: PayloadIdentifier tells whether a new profile replaces an installed one'
