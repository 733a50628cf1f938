"""client.py URL CA [CHAIN KEY]: one GET with requests; prints status, content type and body."""

import sys

import requests

url, ca, *identity = sys.argv[1:]
answer = requests.get(url, verify=ca, cert=tuple(identity) or None, timeout=30)
print(answer.status_code)
print(answer.headers.get("content-type", ""))
print(answer.text, end="")
