#!/usr/bin/env bash
# gpgsm (libksba 1.6.3) prints attributes that it has no name for as `#` and hexadecimal digits that are no BER.
#
# Run: a certificate whose subject has a serialNumber and a title, imported into gpgsm in a new home and listed.
# Expected: RFC 4514 §2.4 (and RFC 2253 §2.4 before it): `#` is followed by the octets of the BER encoding of the
# value, tag and length included; §4 has the example 1.3.6.1.4.1.1466.0=#04024869. The serial number S1 is
# #13025331.
# Seen (gpgsm 2.2.40 with libksba 1.6.3, 2026-11): #5331, the letters alone. A reader of RFC 4514 takes 53 for a tag
# and 31 for a length. GnuPG's manual names RFC 2253 as the form of its names, and warns only that the original
# encoding cannot be told from them. serialNumber, title, surname, givenName and dnQualifier are printed so; device
# certificates often have the first.
# Before an MDM server: an inventory or an access list that is filled from `gpgsm --with-colons` or from dirmngr's
# log never matches the name that nginx, Apache or LDAP gives for the same certificate.
# Workaround: take the fingerprint from gpgsm and the name from OpenSSL (`-nameopt RFC2253`).
set -euo pipefail
work=$(mktemp -d)
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
need openssl openssl && need gpgsm gpgsm && need dpkg-query dpkg
dpkg-query --show --showformat "\${Package} \${Version}\n" gpgsm libksba8

export GNUPGHOME=$work/home
mkdir -m 700 "$GNUPGHOME"
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out device.pem -days 30 \
  -subj '/O=Example/CN=device/serialNumber=S1/title=Dr' 2>/dev/null
gpgsm --batch --disable-dirmngr --import device.pem 2>/dev/null || true

echo "OpenSSL: $(openssl x509 -in device.pem -noout -subject -nameopt RFC2253)"
echo "OpenSSL, with # : $(openssl x509 -in device.pem -noout -subject -nameopt RFC2253,oid,dump_all,dump_der)"
seen 'gpgsm' 'Subject: 2.5.4.12=#4472,2.5.4.5=#5331,CN=device,O=Example' \
  "$(gpgsm --batch --disable-dirmngr --dump-cert 2>/dev/null | sed -n 's/^ *Subject: /Subject: /p')"
gpgconf --homedir "$GNUPGHOME" --kill all 2>/dev/null || true
verdict 'RFC 4514 §2.4, the number sign is followed by the BER encoding of the value'
