#!/usr/bin/env bash
# MicroMDM's SCEP server 2.1.0 leaves attributes of the requested subject out of the certificate: the UID, the domain
# component, the e-mail address and an attribute without a name. The user principal name is left out too.
#
# Run: scepserver with a new authority, and scepclient with a request that OpenSSL made. The subject and the
# alternative names of the request stand beside those of the certificate.
# Expected: RFC 2986 §3: the authority makes the certificate of the distinguished name and the public key of the
# request; its own choice are the serial number, the validity and the signature algorithm , and it may use the
# attributes of the request for extensions.
# Seen (Debian's scep 2.1.0-3+b4, 2026-12): the certificate is issued with SUCCESS. Of eight attributes its subject
# holds C, O, CN and serialNumber, in an order of its own. The log says nothing of the others, not even at the level
# debug. For the e-mail address the project has an open report of 2018 (issue 91).
# Before an MDM server: the SCEP payload of Apple's profiles lets an administrator put any attribute into the subject.
# A proxy or a server that looks a device up by the UID, or by a number of the company's own, finds none in the
# certificate, although it stands in the profile and in the request.
# Workaround: carry the identifier in CN, OU, serialNumber or a URI among the alternative names, which are kept.
set -euo pipefail
work=$(mktemp -d)
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
need openssl openssl && need node nodejs
from_debian scep

cat > request.cnf <<'CNF'
[req]
distinguished_name = dn
prompt = no
req_extensions = extensions
[dn]
DC = example
CN = device
serialNumber = C02
O = Example
UID = 0042
emailAddress = device@example.com
other.1.2.5.3 = bar
C = DE
[extensions]
subjectAltName = DNS:device.example, URI:urn:uuid:1, otherName:1.3.6.1.4.1.311.20.2.3;UTF8:device@example.com
CNF
mkdir client
openssl genrsa -traditional -out client/key.pem 2048 2>/dev/null
# scepclient sends the request that it finds beside the key.
openssl req -new -key client/key.pem -config request.cnf -out client/csr.pem
unpacked usr/bin/scepserver ca -init -keySize 2048 -depot depot >/dev/null
port=$(free_port)
become_unpacked usr/bin/scepserver -depot depot -port "$port" -debug > server.log 2>&1 &
child=$!
wait_for server.log listening
unpacked usr/bin/scepclient -private-key client/key.pem -certificate client/cert.pem \
  -server-url "http://127.0.0.1:$port/scep" > client.log 2>&1

subject() { sed 's/^subject=//'; }
names() { grep -A1 'Alternative Name' | tail -1 | xargs; }
requested='DC = example, CN = device, serialNumber = C02, O = Example, UID = 0042'
requested+=', emailAddress = device@example.com, 1.2.5.3 = bar, C = DE'
seen 'subject, requested' "$requested" "$(openssl req -in client/csr.pem -noout -subject | subject)"
seen 'subject, issued' 'C = DE, O = Example, CN = device, serialNumber = C02' \
  "$(openssl x509 -in client/cert.pem -noout -subject | subject)"
seen 'alternative names, requested' 'DNS:device.example, URI:urn:uuid:1, othername: UPN::device@example.com' \
  "$(openssl req -in client/csr.pem -noout -text | names)"
seen 'alternative names, issued' 'DNS:device.example, URI:urn:uuid:1' \
  "$(openssl x509 -in client/cert.pem -noout -text | names)"
seen 'lines of the log with the UID' 0 "$(grep -ciE 'uid|0042' server.log || true)"
verdict 'RFC 2986 §3, the certificate is made of the distinguished name and the public key of the request'
