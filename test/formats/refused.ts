/** Certificates of the table that do not come through, each by name, and by whom and how they are refused. */

/** What the TLS library of our client does not load; it is that of all products here, which would refuse it as well. */
export const NOT_SHOWN: Readonly<Record<string, string>> = {
  'UTF8String without UTF-8': 'ERR_OSSL_ASN1_INVALID_UTF8STRING',
  VisibleString: 'ERR_OSSL_ASN1_MSTRING_WRONG_TAG',
}

/** By case, then by product; `ours` is the front end before the same kind of upstream. */
export const REFUSED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  // RFC 5280 §4.2: a critical extension that is not recognised is a reason to refuse.
  'unknown critical extension': {
    haproxy: 'TLS alert',
    apache: 'TLS alert',
    nginx: 'status 400',
    lighttpd: 'TLS alert',
    hitch: 'TLS alert',
    'haproxy send-proxy-v2': 'TLS alert',
    ours: 'connection closed',
  },
}
