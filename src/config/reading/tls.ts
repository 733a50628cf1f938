/** What listeners and upstreams have in common: certificates with their keys, versions, suites, groups. */
import { createSecureContext } from 'node:tls'
import type { Millis } from '../../kernel/types.ts'
import type { IdentityFiles, TlsVersion } from '../config.ts'
import { nearest } from '../../kernel/closest-match.ts'
import { findItem } from '../../upstream-tls/catalogue.ts'
import { runtimeCatalogue } from './runtime-offers.ts'
import {
  content,
  type Desk,
  every,
  fault,
  isFaulty,
  type Maybe,
  missing,
  placeOf,
  secretContent,
  secretText,
  whole,
} from './read-context.ts'
import { quoted } from './fault-text.ts'
import type { Path } from './yaml-text.ts'
import { parseLength, parseSize } from './units.ts'

/** The keys of a certificate as they stand in the file. */
export interface WrittenIdentity {
  readonly chain?: string | undefined
  readonly key?: string | undefined
  readonly pkcs12?: string | undefined
  readonly passphrase?: string | undefined
}

/** A chain with its key, from PEM or PKCS#12. */
export function readIdentity(
  desk: Desk,
  path: Path,
  written: WrittenIdentity,
): Maybe<IdentityFiles> {
  const at = placeOf(desk, path)
  const { chain, key, pkcs12 } = written
  const passphrase =
    written.passphrase === undefined
      ? undefined
      : secretText(desk, [...path, 'passphrase'], written.passphrase)
  if (pkcs12 !== undefined && (chain !== undefined || key !== undefined)) {
    return fault(
      desk,
      [...path, 'pkcs12'],
      'found pkcs12 beside chain or key, wanted one or the other: remove one',
      'key',
    )
  }
  if (pkcs12 !== undefined) {
    const file = secretContent(desk, [...path, 'pkcs12'], pkcs12)
    return whole<IdentityFiles & { kind: 'pkcs12' }>({ kind: 'pkcs12', at, file, passphrase })
  }
  const absent = [chain === undefined ? ['chain'] : [], key === undefined ? ['key'] : []].flat()
  if (absent.length > 0 && !isFaulty(desk, path)) {
    return fault(
      desk,
      path,
      `found no ${absent.join(' and no ')}, wanted chain and key (or pkcs12): add what is missing`,
    )
  }
  return whole<IdentityFiles & { kind: 'pem' }>({
    kind: 'pem',
    at,
    chain: content(desk, [...path, 'chain'], chain),
    key: secretContent(desk, [...path, 'key'], key),
    passphrase,
  })
}

/** The oldest and the newest version; the order is checked. */
export function readVersions<Version extends TlsVersion>(
  desk: Desk,
  path: Path,
  versions: { readonly minVersion: Version; readonly maxVersion: Version },
): Maybe<{ readonly minVersion: Version; readonly maxVersion: Version }> {
  const { minVersion, maxVersion } = versions
  if (minVersion <= maxVersion) return versions
  return fault(
    desk,
    [...path, 'minVersion'],
    `found minVersion ${minVersion} above maxVersion ${maxVersion}, wanted the older first: swap them`,
  )
}

/**
 * Suites that a device can use here, by either spelling. OpenSSL skips unknown names silently as long as one is good,
 * and lists some that no handshake ends with, so we ask first.
 */
export function readCiphers(
  desk: Desk,
  path: Path,
  names: readonly (string | undefined)[] | undefined,
): Maybe<readonly string[] | undefined> {
  if (names === undefined) return undefined
  const what = 'a cipher suite'
  return every(names, (name, index) => {
    const found = findItem(runtimeCatalogue(), 'suites', name)
    if (found.kind === 'offered') return found.item.name
    if (found.kind === 'unknown') {
      return unknownName(desk, [...path, index], { name, what, meant: found.meant })
    }
    const message = `found ${quoted(name)}, wanted a suite that devices can use: ${found.why}; remove it`
    return fault(desk, [...path, index], message)
  })
}

/** Groups that this runtime knows. */
export function readGroups(
  desk: Desk,
  path: Path,
  names: readonly (string | undefined)[] | undefined,
): Maybe<readonly string[] | undefined> {
  if (names === undefined) return undefined
  return every(names, (name, index) => {
    if (isGroup(name)) return name
    const meant = nearest(name, COMMON_GROUPS)
    return unknownName(desk, [...path, index], { name, what: 'a key exchange group', meant })
  })
}

/** A length of time whose spelling and bounds the shape check has seen. */
export function millis(written: string | undefined): Maybe<Millis> {
  const read = written === undefined ? undefined : parseLength(written)
  return read?.ok === true ? read.value : missing
}

/** A size whose spelling and bounds the shape check has seen. */
export function octets(written: string | undefined): Maybe<number> {
  const read = written === undefined ? undefined : parseSize(written)
  return read?.ok === true ? read.value : missing
}

const COMMON_GROUPS = ['X25519MLKEM768', 'X25519', 'X448', 'P-256', 'P-384', 'P-521', 'ffdhe2048']

// There is no list to ask: node:crypto's getCurves() leaves out X25519 and every post-quantum group.
function isGroup(name: string): boolean {
  try {
    createSecureContext({ ecdhCurve: name })
    return true
  } catch {
    return false
  }
}

function unknownName(
  desk: Desk,
  path: Path,
  { name, what, meant }: { name: string; what: string; meant: string | undefined },
): typeof missing {
  const advice = meant === undefined ? 'remove it' : `did you mean ${meant}?`
  return fault(desk, path, `found ${quoted(name)}, wanted ${what} of this runtime: ${advice}`)
}
