/** Where the store is, and who may administer it from where. */
import { Type } from 'typebox'
import {
  integer,
  flag,
  group,
  singleLine,
  listOf,
  reference,
  patternText,
} from '../reading/schema-types.ts'
import { resolve } from 'node:path'
import { isLoopback } from '../../kernel/network.ts'
import type { AdminListenerSettings, KeyRingReference, StoreConfig } from './types.ts'
import { resolveReference } from '../reading/files.ts'
import { readNetworks } from '../reading/networks.ts'
import { readIdentity } from '../reading/tls.ts'
import { type LoadedSecret, readSecretText } from '../reading/content.ts'
import { allOrMissing, type Maybe, missing, type Place, type Written } from '../reading/place.ts'
import { readAddress } from '../reading/host.ts'
import { adminCertificateKeys } from '../reading/tls-schema.ts'

/** What tells this instance from its replicas. */
export const instance = patternText(
  'What this instance is called among its replicas, in their lists and in the audit trail. Left out: the host name.',
  '^[A-Za-z0-9][A-Za-z0-9.-]{0,62}$',
  { wanted: 'a name of at most 63 letters, digits, dots and dashes' },
)

export const store = group(
  'The store, which keeps what changes while serving: devices and their approval, blocks, the enforcement latch, enrollment settings after the first start, OAuth endpoints, the audit trail. Create it once with `tfe init`; `tfe serve` does not start without it, because a lost volume must not silently forget which devices were blocked. One of `sqlite` and `postgres`.',
  {
    sqlite: Type.Optional(
      singleLine(
        'The file of an embedded store, for one machine. Paths start from the folder of this configuration. Two more files appear beside it (`-wal`, `-shm`): give it a folder on a volume that lasts, on a local disk.',
        'the path of a file',
      ),
    ),
    postgres: Type.Optional(
      reference(
        'The address of a PostgreSQL database (13 or newer) that replicas share, `postgres://user:password@host/database`, by reference, because it holds a password. A connection pooler in between has to lend sessions (in PgBouncer, `pool_mode=session` for this database, with 15 connections for each replica and `server_reset_query` left as it is, or a lock outlives its replica): one that lends them for transactions is refused as `store-pooled`.',
        'the store opens by this',
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
        'it is what opens the secrets of the store',
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
  'The admin API, on a listener of its own. Left out: there is none, and what the store holds cannot be changed.',
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
      group('The certificate that administrators see, with its private key.', adminCertificateKeys),
    ),
    clientCertificates: flag(
      'Administrators may sign in with a client certificate whose key is registered with them.',
      false,
    ),
  },
)

/** Reads which store there is; that there is none at all is a fault for `tfe serve` alone (decision 5). */
export function readStore(place: Place<Written<typeof store>>): Maybe<StoreConfig | undefined> {
  const { written, location: at } = place
  if (written === undefined) return place.isFaulty ? missing : undefined
  const { sqlite, postgres, schema, dangerousNone } = written
  const chosen = STORE_KINDS.filter(
    (kind) => written[kind] !== undefined && written[kind] !== false,
  )
  if (chosen.length !== 1) {
    if (place.isFaulty) return missing
    const found = chosen.length === 0 ? 'none of them' : chosen.join(' and ')
    const message = `found ${found}, wanted one of sqlite and postgres: write where the store is, and create it with \`tfe init\``
    return place.fault(message, 'key')
  }
  if (schema !== undefined && postgres === undefined) {
    place.at('schema').warn('found schema without postgres, where it has no effect: remove it')
  }
  if (dangerousNone === true) {
    const sentence =
      'there is no store: no device can be approved or blocked, the latch is not kept, and devices are not remembered'
    place.at('dangerousNone').warnOfDanger({ kind: 'no-store', sentence })
    return { kind: 'dangerous-none', at }
  }
  const keys = place.at('keys').optional(readKeys)
  if (sqlite !== undefined) {
    return { kind: 'sqlite', at, path: resolve(place.context.folder, sqlite), keys }
  }
  if (keys === undefined && !place.at('keys').isFaulty) {
    const message =
      'found postgres without keys, wanted the key ring that every replica seals secrets with: add keys, such as file:secrets/tfe.keys, and let `tfe init` make it'
    return place.at('postgres').fault(message, 'key')
  }
  return allOrMissing<StoreConfig & { kind: 'postgres' }>({
    kind: 'postgres',
    at,
    url: readUrl(place.at('postgres')),
    schema,
    keys: keys ?? missing,
  })
}

const STORE_KINDS = ['sqlite', 'postgres', 'dangerousNone'] as const

function readKeys({ context, location: at, written = '' }: Place<string>): KeyRingReference {
  const reference = written.startsWith('file:')
    ? `file:${resolveReference(written, context.folder)}`
    : written
  return { at, reference }
}

function readUrl(place: Place<string>): Maybe<LoadedSecret> {
  const url = readSecretText(place)
  if (url === missing) return missing
  const isOurs = URL.canParse(url.text) && /^postgres(?:ql)?:$/.test(new URL(url.text).protocol)
  if (isOurs) return url
  // What it holds is not repeated: a password is in it.
  const message =
    'found something else than an address there, wanted postgres://user:password@host/database: correct the content'
  return place.fault(message)
}

/** Reads the listener of the admin API; undefined where there is none. */
export function readAdmin(
  place: Place<Written<typeof admin>>,
): Maybe<AdminListenerSettings | undefined> {
  if (place.written === undefined) return place.isFaulty ? missing : undefined
  const address = readAddress(place.at('address'))
  const { certificate, clientCertificates } = place.written
  if (address !== missing && certificate === undefined && !isLoopback(address)) {
    const message = `found ${address} without certificate, wanted TLS where others can listen: add certificate, or bind 127.0.0.1`
    place.at('address').fault(message)
  }
  if (clientCertificates === true && certificate === undefined) {
    const message =
      'found clientCertificates without certificate, wanted TLS, in which they are shown: add certificate'
    place.at('clientCertificates').fault(message)
  }
  return allOrMissing<AdminListenerSettings>({
    at: place.location,
    address,
    port: place.required('port'),
    allow: readNetworks(place.at('allow')) ?? missing,
    certificate: place.at('certificate').optional(readIdentity),
    clientCertificates: place.required('clientCertificates'),
  })
}
