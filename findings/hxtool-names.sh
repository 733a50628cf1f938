#!/usr/bin/env bash
# hxtool of Heimdal 7.8 writes ST of a name as a street, takes escapes and the plus sign for text, and refuses a name
# that it has printed itself.
#
# Run: requests are made with hxtool for names in the form of RFC 4514, and OpenSSL shows which attributes they hold; a
# certificate is printed with hxtool, and the name printed is given back to it.
# Expected: RFC 4514 §3, the table of short names: ST is stateOrProvinceName, STREET is streetAddress; §2.2: the plus
# sign joins two attributes of one part; §2.4: a backslash with a special character or with two hexadecimal digits
# stands for that character.
# Seen (heimdal-clients 7.8.git20221117, 2026-12): ST becomes a street, and the name of the state is S. The backslashes
# are written into the request as characters of the value, a plus sign too. A comma, which hxtool prints with its
# escape, ends the value when it is read, and the name is refused with an error that is only a number. The other names
# are written without an error.
# Before an MDM server: an authority that is made with hxtool, for a test or a small fleet, has another subject than was
# asked for. A rule of the proxy that names the issuer or the organization does not match it, and the difference
# between `ST=` and `street=` is easily missed.
# Workaround: S for ST, no special characters, and a look at the result with OpenSSL.
set -euo pipefail
work=$(mktemp -d)
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
need openssl openssl
from_debian heimdal-clients libasn1-8-heimdal libgssapi3-heimdal libhcrypto5-heimdal libhdb9-heimdal \
  libheimbase1-heimdal libheimntlm0-heimdal libhx509-5-heimdal libkadm5clnt7-heimdal libkadm5srv8-heimdal \
  libkafs0-heimdal libkrb5-26-heimdal libotp0-heimdal libroken19-heimdal libsl0-heimdal libwind0-heimdal \
  libcom-err2 libedit2 libdb5.3

openssl genrsa -traditional -out key.pem 2048 2>/dev/null
openssl req -x509 -key key.pem -out acme.pem -days 30 -subj '/C=DE/ST=Bavaria/O=Acme, Inc./CN=device' 2>/dev/null
# The subject of a request for this name as OpenSSL writes it by RFC 2253, or what hxtool says.
written() {
  rm -f request.der
  unpacked usr/bin/hxtool request-create --subject="$1" --key=PEM-FILE:key.pem request.der > said 2>&1 || true
  if [ -s request.der ]; then
    openssl req -inform der -in request.der -noout -subject -nameopt RFC2253 | sed 's/^subject=//'
  else
    sed -n 1p said
  fi
}
printed=$(unpacked usr/bin/hxtool print --content PEM-FILE:acme.pem 2>&1 |
  sed -n 's/^ *subject: "\(.*\)"$/\1/p' | sed -n 1p)

seen 'CN=device,ST=Bavaria,C=DE' 'CN=device,street=Bavaria,C=DE' "$(written 'CN=device,ST=Bavaria,C=DE')"
seen 'CN=device,S=Bavaria,C=DE' 'CN=device,ST=Bavaria,C=DE' "$(written 'CN=device,S=Bavaria,C=DE')"
seen 'CN=Caf\C3\A9,O=Acme' 'CN=Caf\\C3\\A9,O=Acme' "$(written 'CN=Caf\C3\A9,O=Acme')"
seen 'CN=a+UID=42,O=Acme' 'CN=a\+UID=42,O=Acme' "$(written 'CN=a+UID=42,O=Acme')"
seen 'a subject, printed' 'CN=device,O=Acme\, Inc.,S=Bavaria,C=DE' "$printed"
seen 'the same, given back' 'hxtool: hx509_parse_name: 569879' "$(written "$printed")"
verdict 'RFC 4514 §3, ST is the state or province; §2.4, a backslash escapes; §2.2, a plus sign joins attributes'
