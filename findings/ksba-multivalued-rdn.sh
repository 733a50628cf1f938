#!/usr/bin/env bash
# gpgsm (libksba 1.6.3) cannot read a subject in which another part follows a part with two attributes.
#
# Run: two certificates with the same attributes, imported into gpgsm in a new home: OU+UID as the last relative
# distinguished name of the subject, and OU+UID before the common name.
# Expected: both subjects. X.501 and RFC 5280 §4.1.2.4 define a name as a sequence of sets of one or more attributes,
# in any place; RFC 4514 §2.2 writes such a set with `+`.
# Seen (gpgsm 2.2.40 with libksba 1.6.3, 2026-11): the first is listed. For the second, gpgsm says that it found no
# subject, lists "[error]" in its place, and yet counts the certificate as imported.
# Before an MDM server: an authority that puts the user and the department of a device into one part, before the
# name of the device, issues certificates that S/MIME and dirmngr tools cannot find by subject.
# Workaround: let the authority write one attribute in each part, or the part with two attributes at the end.
set -euo pipefail
work=$(mktemp -d)
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
need openssl openssl && need gpgsm gpgsm && need dpkg-query dpkg
dpkg-query --show --showformat "\${Package} \${Version}\n" gpgsm libksba8

openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj '/CN=authority' -days 30 2>/dev/null
listed() {
  export GNUPGHOME=$work/$1
  mkdir -m 700 "$GNUPGHOME"
  openssl req -new -newkey rsa:2048 -nodes -keyout key.pem -out "$1.csr" -multivalue-rdn -subj "$2" 2>/dev/null
  openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -set_serial 7 -days 20 -out "$1.pem" 2>/dev/null
  gpgsm --batch --disable-dirmngr --import "$1.pem" 2>/dev/null || true
  gpgsm --batch --disable-dirmngr --dump-cert 2>/dev/null | sed -n 's/^ *Subject: //p'
  gpgconf --homedir "$GNUPGHOME" --kill all 2>/dev/null || true
}

seen '/CN=device/OU=Sales+UID=42' 'OU=Sales+UID=42,CN=device' "$(listed last '/CN=device/OU=Sales+UID=42')"
seen '/OU=Sales+UID=42/CN=device' '[error]' "$(listed first '/OU=Sales+UID=42/CN=device')"
verdict 'RFC 5280 §4.1.2.4, each part of a name is a set of one or more attributes'
