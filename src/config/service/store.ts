/** Where the store is, and who may administer it from where. */
import { resolve } from 'node:path'
import type { Danger } from '../config.ts'
import type { AdminListener, KeysReference, StoreConfig } from './types.ts'
import { resolvedPath } from '../reading/files.ts'
import { readNetworks } from '../reading/networks.ts'
import { readIdentity } from '../reading/tls.ts'
import {
  type Desk,
  fault,
  isFaulty,
  type Maybe,
  missing,
  placeOf,
  present,
  secretText,
  warn,
  whole,
} from '../reading/read-context.ts'
import type { Document } from '../schema.ts'
import type { Draft } from '../shape.ts'
import { readAddress } from '../reading/host.ts'

type WrittenStore = Draft<NonNullable<Document['store']>>
type WrittenAdmin = Draft<NonNullable<Document['admin']>>

/** Reads which store there is; that there is none at all is a fault for whoever serves (decision 5). */
export function readStore(
  desk: Desk,
  written: WrittenStore | undefined,
  dangers: Danger[],
): Maybe<StoreConfig | undefined> {
  if (written === undefined) return isFaulty(desk, ['store']) ? missing : undefined
  const at = placeOf(desk, ['store'])
  const { sqlite, postgres, schema, keys, dangerousNone } = written
  const chosen = KINDS.filter((kind) => written[kind] !== undefined && written[kind] !== false)
  if (chosen.length !== 1) {
    if (isFaulty(desk, ['store'])) return missing
    const found = chosen.length === 0 ? 'none of them' : chosen.join(' and ')
    return fault(
      desk,
      ['store'],
      `found ${found}, wanted one of sqlite and postgres: write where the store is, and create it with \`tfe init\``,
      'key',
    )
  }
  if (schema !== undefined && postgres === undefined) {
    const message = 'found schema without postgres, where it has no effect: remove it'
    warn(desk, ['store', 'schema'], message)
  }
  if (dangerousNone === true) {
    const sentence =
      'there is no store: nobody can be approved or blocked, the latch is not kept, and devices are not remembered'
    dangers.push({ kind: 'no-store', at: placeOf(desk, ['store', 'dangerousNone']), sentence })
    warn(desk, ['store', 'dangerousNone'], sentence)
    return { kind: 'dangerous-none', at }
  }
  const ring = readKeys(desk, keys)
  if (sqlite !== undefined) {
    return whole<StoreConfig & { kind: 'sqlite' }>({
      kind: 'sqlite',
      at,
      path: resolve(desk.folder, sqlite),
      keys: ring,
    })
  }
  if (ring === undefined && !isFaulty(desk, ['store', 'keys'])) {
    const message =
      'found postgres without keys, wanted the key ring that every replica seals secrets with: add keys, such as file:secrets/tfe.keys, and let `tfe init` make it'
    return fault(desk, ['store', 'postgres'], message, 'key')
  }
  return whole<StoreConfig & { kind: 'postgres' }>({
    kind: 'postgres',
    at,
    url: readUrl(desk, postgres),
    schema,
    keys: ring ?? missing,
  })
}

const KINDS = ['sqlite', 'postgres', 'dangerousNone'] as const

function readKeys(desk: Desk, written: string | undefined): KeysReference | undefined {
  if (written === undefined) return undefined
  const reference = written.startsWith('file:')
    ? `file:${resolvedPath(written, desk.folder)}`
    : written
  return { at: placeOf(desk, ['store', 'keys']), reference }
}

function readUrl(desk: Desk, written: string | undefined) {
  if (written === undefined) return missing
  const url = secretText(desk, ['store', 'postgres'], written)
  if (url === missing) return missing
  const isOurs = URL.canParse(url.text) && /^postgres(?:ql)?:$/.test(new URL(url.text).protocol)
  if (isOurs) return url
  // What it holds is not repeated: a password is in it.
  const message =
    'found something else than an address there, wanted postgres://user:password@host/database: correct the content'
  return fault(desk, ['store', 'postgres'], message)
}

/** Reads the listener of the admin API; undefined where there is none. */
export function readAdmin(
  desk: Desk,
  written: WrittenAdmin | undefined,
): Maybe<AdminListener | undefined> {
  if (written === undefined) return isFaulty(desk, ['admin']) ? missing : undefined
  const address = readAddress(desk, ['admin', 'address'], written.address)
  const { certificate, clientCertificates } = written
  if (address !== missing && certificate === undefined && !isLoopback(address)) {
    const message = `found ${address} without certificate, wanted TLS where others can listen: add certificate, or bind 127.0.0.1`
    fault(desk, ['admin', 'address'], message)
  }
  if (clientCertificates === true && certificate === undefined) {
    const message =
      'found clientCertificates without certificate, wanted TLS, in which they are shown: add certificate'
    fault(desk, ['admin', 'clientCertificates'], message)
  }
  return whole<AdminListener>({
    at: placeOf(desk, ['admin']),
    address,
    port: present(written.port),
    allow: readNetworks(desk, ['admin', 'allow'], written.allow) ?? missing,
    certificate:
      certificate === undefined
        ? undefined
        : readIdentity(desk, ['admin', 'certificate'], certificate),
    clientCertificates: present(clientCertificates),
  })
}

/** Addresses that only this machine reaches. */
const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1'
