#!/usr/bin/env bash
# libwbxml 0.11.8 writes an ActiveSync element of one namespace as the element of the same name of another.
#
# Run: xml2wbxml with a calendar item of ActiveSync whose attendee has a Name and an Email, and wbxml2xml with the
# result.
# Expected: [MS-ASWBXML] §2.1.2.1, code page 4 (Calendar): Email is token 09, Name is token 0A. The namespace says
# which page an element is of, since several pages have an element of that name.
# Seen (libwbxml 0.11.8, 2026-11): the library knows the two by names of its own (Attendee_Email, Attendee_Name).
# Calendar:Name is written as Name of page 15 (Search), and Calendar:Email as a literal with a string table, where
# the page has a token for it. The tool says "succeeded". In the other direction, tokens 09 and 0A come out as
# Attendee_Email and Attendee_Name, which no schema has, though the language ACTIVESYNC is described as "original
# namespaces".
# Before an MDM server: a mail gateway or a test that makes or reads ActiveSync bodies with these tools sends
# calendar items whose attendees the server refuses or drops, and does not find them in the items it reads.
# Workaround: use the tools for Provision and Settings, where the names agree, and a table of [MS-ASWBXML] for mail
# and calendar.
set -euo pipefail
work=$(mktemp -d)
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
from_debian libwbxml2-utils libwbxml2-1

cat > item.xml <<'XML'
<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE ActiveSync PUBLIC "-//MICROSOFT//DTD ActiveSync//EN" "http://www.microsoft.com/">
<Attendees xmlns="Calendar:"><Attendee><Name>Ann</Name><Email>ann@example.com</Email></Attendee></Attendees>
XML
unpacked usr/bin/xml2wbxml -a -v 1.3 -o item.wbxml item.xml 2>/dev/null
unpacked usr/bin/wbxml2xml -l ACTIVESYNC -m 0 -o again.xml item.wbxml 2>/dev/null
# The same item by [MS-ASWBXML]: page 4, Attendees 07, Attendee 08, Name 0A, Email 09.
printf '\x03\x01\x6a\x00\x00\x04\x47\x48\x4a\x03Ann\x00\x01\x49\x03ann@example.com\x00\x01\x01\x01' > spec.wbxml
unpacked usr/bin/wbxml2xml -l ACTIVESYNC -m 0 -o spec.xml spec.wbxml 2>/dev/null

elements() { grep -o '<[A-Z][A-Za-z_]*\( xmlns="[^"]*"\)\?>' "$1" | tr -d '\n'; }
seen 'written by xml2wbxml, read again' \
  '<Attendees xmlns="Calendar:"><Attendee><Name xmlns="Search:"><Email>' "$(elements again.xml)"
seen 'switch to page 0F for Name' 'yes' "$(od -An -v -tx1 item.wbxml | tr -d '\n' | grep -q '00 0f 48' && echo yes)"
seen 'tokens 0A and 09 of page 4, read' \
  '<Attendees xmlns="Calendar:"><Attendee><Attendee_Name><Attendee_Email>' "$(elements spec.xml)"
verdict '[MS-ASWBXML] §2.1.2.1, code page 4: Email is 09, Name is 0A'
