/**
 * Returns the DNS names and IP addresses of `X509Certificate.subjectAltName`, which Node prints as
 * `DNS:a.example, IP Address:192.0.2.7`. A name with odd characters is printed as a JSON string, and stays one; its commas
 * are escaped there, so that no name can be read as two.
 */
export const printedHosts = (subjectAltName: string | undefined): readonly string[] =>
  (subjectAltName ?? '')
    .split(', ')
    .flatMap((entry) => /^(?:DNS|IP Address):(.*)$/.exec(entry)?.[1] ?? [])
