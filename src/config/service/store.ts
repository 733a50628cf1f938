/** Where the store is, and who may administer it from where. */
import { resolve } from 'node:path'
import type { Danger } from '../config.ts'
import type { AdminListenerSettings, KeyRingReference, StoreConfig } from './types.ts'
import { resolveReference } from '../reading/files.ts'
import { readNetworks } from '../reading/networks.ts'
import { readIdentity } from '../reading/tls.ts'
import {
  type ReadContext,
  fault,
  isFaulty,
  type Maybe,
  missing,
  locationOf,
  orMissing,
  readSecretText,
  warn,
  allOrMissing,
} from '../reading/read-context.ts'
import type { ConfigDocument } from '../schema.ts'
import type { DeepPartial } from '../shape.ts'
import { readAddress } from '../reading/host.ts'

type WrittenStore = DeepPartial<NonNullable<ConfigDocument['store']>>
type WrittenAdmin = DeepPartial<NonNullable<ConfigDocument['admin']>>

/** Reads which store there is; that there is none at all is a fault for whoever serves (decision 5). */
export function readStore(
  context: ReadContext,
  written: WrittenStore | undefined,
  dangers: Danger[],
): Maybe<StoreConfig | undefined> {
  if (written === undefined) return isFaulty(context, ['store']) ? missing : undefined
  const at = locationOf(context, ['store'])
  const { sqlite, postgres, schema, keys, dangerousNone } = written
  const chosen = STORE_KINDS.filter(
    (kind) => written[kind] !== undefined && written[kind] !== false,
  )
  if (chosen.length !== 1) {
    if (isFaulty(context, ['store'])) return missing
    const found = chosen.length === 0 ? 'none of them' : chosen.join(' and ')
    return fault(
      context,
      ['store'],
      `found ${found}, wanted one of sqlite and postgres: write where the store is, and create it with \`tfe init\``,
      'key',
    )
  }
  if (schema !== undefined && postgres === undefined) {
    const message = 'found schema without postgres, where it has no effect: remove it'
    warn(context, ['store', 'schema'], message)
  }
  if (dangerousNone === true) {
    const sentence =
      'there is no store: nobody can be approved or blocked, the latch is not kept, and devices are not remembered'
    dangers.push({
      kind: 'no-store',
      at: locationOf(context, ['store', 'dangerousNone']),
      sentence,
    })
    warn(context, ['store', 'dangerousNone'], sentence)
    return { kind: 'dangerous-none', at }
  }
  const ring = readKeys(context, keys)
  if (sqlite !== undefined) {
    return allOrMissing<StoreConfig & { kind: 'sqlite' }>({
      kind: 'sqlite',
      at,
      path: resolve(context.folder, sqlite),
      keys: ring,
    })
  }
  if (ring === undefined && !isFaulty(context, ['store', 'keys'])) {
    const message =
      'found postgres without keys, wanted the key ring that every replica seals secrets with: add keys, such as file:secrets/tfe.keys, and let `tfe init` make it'
    return fault(context, ['store', 'postgres'], message, 'key')
  }
  return allOrMissing<StoreConfig & { kind: 'postgres' }>({
    kind: 'postgres',
    at,
    url: readUrl(context, postgres),
    schema,
    keys: ring ?? missing,
  })
}

const STORE_KINDS = ['sqlite', 'postgres', 'dangerousNone'] as const

function readKeys(context: ReadContext, written: string | undefined): KeyRingReference | undefined {
  if (written === undefined) return undefined
  const reference = written.startsWith('file:')
    ? `file:${resolveReference(written, context.folder)}`
    : written
  return { at: locationOf(context, ['store', 'keys']), reference }
}

function readUrl(context: ReadContext, written: string | undefined) {
  if (written === undefined) return missing
  const url = readSecretText(context, ['store', 'postgres'], written)
  if (url === missing) return missing
  const isOurs = URL.canParse(url.text) && /^postgres(?:ql)?:$/.test(new URL(url.text).protocol)
  if (isOurs) return url
  // What it holds is not repeated: a password is in it.
  const message =
    'found something else than an address there, wanted postgres://user:password@host/database: correct the content'
  return fault(context, ['store', 'postgres'], message)
}

/** Reads the listener of the admin API; undefined where there is none. */
export function readAdmin(
  context: ReadContext,
  written: WrittenAdmin | undefined,
): Maybe<AdminListenerSettings | undefined> {
  if (written === undefined) return isFaulty(context, ['admin']) ? missing : undefined
  const address = readAddress(context, ['admin', 'address'], written.address)
  const { certificate, clientCertificates } = written
  if (address !== missing && certificate === undefined && !isLoopback(address)) {
    const message = `found ${address} without certificate, wanted TLS where others can listen: add certificate, or bind 127.0.0.1`
    fault(context, ['admin', 'address'], message)
  }
  if (clientCertificates === true && certificate === undefined) {
    const message =
      'found clientCertificates without certificate, wanted TLS, in which they are shown: add certificate'
    fault(context, ['admin', 'clientCertificates'], message)
  }
  return allOrMissing<AdminListenerSettings>({
    at: locationOf(context, ['admin']),
    address,
    port: orMissing(written.port),
    allow: readNetworks(context, ['admin', 'allow'], written.allow) ?? missing,
    certificate:
      certificate === undefined
        ? undefined
        : readIdentity(context, ['admin', 'certificate'], certificate),
    clientCertificates: orMissing(clientCertificates),
  })
}

/** Addresses that only this machine reaches. */
const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1'
