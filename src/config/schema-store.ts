/** Keys of the store, and of the listener that administers it. */
import { Type } from 'typebox'
import {
  integer,
  flag,
  group,
  singleLine,
  listOf,
  reference,
  patternText,
} from './reading/schema-types.ts'
import { certificateKeys } from './listener/schema.ts'

/** What tells this instance from its replicas. */
export const instance = patternText(
  'What this instance is called among its replicas, in their lists and in the audit trail. Left out: the host name.',
  '^[A-Za-z0-9][A-Za-z0-9.-]{0,62}$',
  { wanted: 'a name of at most 63 letters, digits, dots and dashes' },
)

export const store = group(
  'Where that is kept which changes while serving: devices and their approval, blocks, the enforcement latch, enrollment settings after the first start, OAuth endpoints, the audit trail. Create it once with `tfe init`; `tfe serve` does not start without it, because a lost volume must not silently forget whom somebody blocked. One of `sqlite` and `postgres`.',
  {
    sqlite: Type.Optional(
      singleLine(
        'The file of an embedded store, for one machine. Paths start from the folder of this configuration. Two more files appear beside it (`-wal`, `-shm`): give it a folder on a volume that lasts, on a local disk.',
        'the path of a file',
      ),
    ),
    postgres: Type.Optional(
      reference(
        'The address of a PostgreSQL database (13 or newer) that replicas share, `postgres://user:password@host/database`, by reference, because it holds a password.',
      ),
    ),
    schema: Type.Optional(
      patternText(
        'The schema of the database that holds the tables. Left out: `public`.',
        '^[a-z_][a-z0-9_]{0,62}$',
        {
          wanted: 'a name of at most 63 lower-case letters, digits and underscores',
        },
      ),
    ),
    keys: Type.Optional(
      reference(
        'The key ring that seals secrets in the store; `tfe init` makes the file. It never lies in the store itself. Needed with `postgres`; without it an embedded store keeps no secrets.',
      ),
    ),
    dangerousNone: Type.Optional(
      flag(
        'Serve without a store: nothing can be approved, blocked or latched, devices are not remembered, and there is no admin API. `enforcement` and the enrollment settings of this file are all there is. For trials and measurements.',
      ),
    ),
  },
)

export const admin = group(
  'The admin API, on a listener of its own. Left out: there is none, and what the store holds can be changed by nobody.',
  {
    address: singleLine(
      'The address to bind. Other than the loopback needs `certificate`.',
      'an IP address',
      '127.0.0.1',
    ),
    port: integer('The TCP port; 0 lets the system choose.', [0, 65_535], 9465),
    allow: Type.Unsafe<readonly string[]>({
      ...listOf(
        'The networks that administrators call from; every other address is refused before its credential is looked at.',
        patternText('One network.', '^[0-9A-Fa-f.:]{2,45}(?:/[0-9]{1,3})?$', {
          wanted: 'an IP address or a network such as 10.20.0.0/16 or fd00::/8',
        }),
      ),
      default: ['127.0.0.0/8', '::1'],
    }),
    certificate: Type.Optional(
      group('The certificate that administrators see, with its private key.', certificateKeys),
    ),
    clientCertificates: flag(
      'Administrators may sign in with a client certificate whose key is registered with them.',
      false,
    ),
  },
)
