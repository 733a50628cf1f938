"""reader.py FILE: for each line "shape TAB value" the certificates in it, in base64 of their DER, or why there are none."""

import base64
import re
import sys
import urllib.parse

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding


def certificates(shape, value):
    if shape == "pem":
        return x509.load_pem_x509_certificates(base64.b64decode(value, validate=True))
    if shape == "byte-sequences":
        return [from_base64(one.strip(":")) for one in value.split(", ")]
    if shape == "base64":
        return [x509.load_der_x509_certificate(one) for one in apart(base64.b64decode(value, validate=True))]
    if shape == "base64-list":
        return [from_base64(one) for one in value.split(",")]
    if shape in ("escaped-pem", "half-escaped-pem"):
        return x509.load_pem_x509_certificates(urllib.parse.unquote_to_bytes(value))
    if shape == "spaced-pem":
        lines = value.replace(" ", "\n").replace("BEGIN\n", "BEGIN ").replace("END\n", "END ")
        return x509.load_pem_x509_certificates(lines.encode("ascii"))
    key = {"xfcc-cert": "Cert", "xfcc-chain": "Chain"}[shape]
    return certificates("escaped-pem", re.search(r'(?:^|;)%s="([^"]*)"' % key, value).group(1))


def from_base64(text):
    return x509.load_der_x509_certificate(base64.b64decode(text, validate=True))


def apart(octets):
    """Each of several certificates one behind the other; the length of each is in two octets or in one."""
    while octets:
        count = octets[1] & 0x7F if octets[1] & 0x80 else 0
        length = int.from_bytes(octets[2 : 2 + count], "big") if count else octets[1]
        end = 2 + count + length
        yield octets[:end]
        octets = octets[end:]


with open(sys.argv[1], encoding="latin-1") as lines:
    for line in lines:
        shape, value = line.rstrip("\n").split("\t", 1)
        try:
            # Names and extensions are read when they are asked for.
            found = certificates(shape, value)
            for one in found:
                one.subject, one.issuer, one.serial_number, list(one.extensions)
            read = [base64.b64encode(one.public_bytes(Encoding.DER)).decode() for one in found]
            print("read", ",".join(read))
        except Exception as fault:
            print("fault", type(fault).__name__, str(fault).replace("\n", " "))
