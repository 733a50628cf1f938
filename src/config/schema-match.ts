/** The keys of a row about the certificate, and of clients that grace does not reach. */
import { Type } from 'typebox'
import {
  group,
  keyFingerprint,
  singleLine,
  listOf,
  optionalListOf,
  patternText,
} from './reading/schema-types.ts'

/** What a row asks of the certificate besides its class. */
export const match = group(
  'What the row asks of the certificate besides its class. Each key that is written must be met; one entry of its list is enough. It can only narrow, and makes no sense where no certificate is asked for.',
  {
    subjectAltNames: Type.Optional(
      listOf(
        "One of the device's subject alternative names: `dns:phone.example.com`, `dns:*.example.com` (everything below), `email:a@example.com`, `email:*@example.com`, `uri:urn:uuid:…`, `uri:spiffe://fleet.example/*` (everything that begins so), `ip:192.0.2.7`, `ip:2001:db8::/32`. A name in the certificate that is itself a wildcard never counts.",
        singleLine('One name, or all below one.', 'dns:, email:, uri: or ip: and a name'),
      ),
    ),
    enrollmentSettings: Type.Optional(
      listOf(
        'The enrollment setting whose CA the path ends at, by its name.',
        singleLine('One setting.', 'the name of an enrollment setting'),
      ),
    ),
    issuerKeys: Type.Optional(
      listOf(
        "The key that signed the device's certificate: of an intermediate where there is one.",
        keyFingerprint('One public key.'),
      ),
    ),
    policies: Type.Optional(
      listOf(
        'A certificate policy for which the path is valid: the certificate names it, and every CA above it allows it (RFC 5280 §6.1.5). Naming any policy covers it.',
        patternText('One policy.', '^[0-2](?:\\.(?:0|[1-9][0-9]{0,18})){1,30}$', {
          wanted: 'an object identifier in dotted decimal, such as 1.3.6.1.4.1.99999.1',
          advice: 'write it in quotes',
        }),
      ),
    ),
  },
)

/** Clients that say that they are too old to renew an expired certificate. */
export const withoutGrace = optionalListOf(
  'Clients that have no grace, by what they say of themselves in User-Agent: Mobile@Work before 10.1 cannot renew what has expired and must register again. Whoever says something else has the grace that everybody has.',
  group('One kind of client.', {
    product: patternText(
      'The product token, such as Name in `Name/10.0 (iPhone)`.',
      "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$",
      {
        wanted: 'a product token such as MobileIron',
        advice: 'write what stands before the slash; `user_agent` in the log shows it',
      },
    ),
    below: Type.Optional(
      patternText(
        'Only versions before this one, and those that name none. Left out: every version.',
        '^[0-9]{1,9}(?:\\.[0-9]{1,9}){0,7}$',
        { wanted: 'a version of numbers and dots, such as 10.1', advice: 'write it in quotes' },
      ),
    ),
  }),
)

/** Networks from which something may be reached. */
export const networks = (description: string) =>
  listOf(
    description,
    patternText('One network.', '^[0-9A-Fa-f:.]{2,45}(?:/[0-9]{1,3})?$', {
      wanted: 'a network such as 10.0.0.0/8 or 2001:db8::/32, or one address',
      advice: 'write the address, a slash and the length of the prefix',
    }),
  )
