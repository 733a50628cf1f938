/** The keys that listeners, upstreams and the admin API have in common: certificates, and names of TLS suites and groups. */
import { Type } from 'typebox'
import { listOf, reference, patternText, secretReference } from './schema-types.ts'

export const TLS_VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const

/** The versions that a listener may speak. */
export type ListenerTlsVersion = (typeof TLS_VERSIONS)[number]

/** A certificate chain and its private key, as PEM or as PKCS#12. */
export const certificateKeys = keysOf(secretReference)

/** The same for the admin API, by which secrets get into the store: it has to open without one. */
export const adminCertificateKeys = keysOf((description) =>
  reference(
    description,
    'the admin API is what puts secrets into the store, and opens without them',
  ),
)

function keysOf(secret: typeof secretReference) {
  return {
    chain: Type.Optional(
      reference(
        'The certificate chain in PEM, leaf first, intermediates after it. Goes together with `key`.',
        'a certificate is no secret',
      ),
    ),
    key: Type.Optional(
      secret(
        'The private key in PEM. Only the account that runs the front end should be able to read the file.',
      ),
    ),
    pkcs12: Type.Optional(
      secret(
        'A `.p12` or `.pfx` file with chain and key, in place of `chain` and `key`, with one private key in it. It is opened apart from what serves, at the start and at each reload; what else lies in it is left out with a warning. Old RC2 and 3DES files open too, RC4 does not.',
      ),
    ),
    passphrase: Type.Optional(
      secret(
        'What opens an encrypted key or a PKCS#12 file. A byte order mark at its beginning and a line break at its end are ignored.',
      ),
    ),
  }
}

/** Names of TLS suites and groups: OpenSSL's spelling. */
export const tlsNames = (description: string, example: string) =>
  listOf(
    description,
    patternText('One name.', '^[A-Za-z0-9_-]{1,64}$', {
      wanted: `a name in OpenSSL's spelling, such as ${example}`,
    }),
  )
