/** What listeners and upstreams have in common: certificates with their keys, versions, suites, groups. */
import { createSecureContext } from 'node:tls'
import type { Millis } from '../../kernel/types.ts'
import { closestMatch } from '../../kernel/closest-match.ts'
import { findItem } from '../../upstream-tls/catalogue.ts'
import { runtimeCatalogue } from './runtime-offers.ts'
import {
  readContent,
  type ReadContext,
  readEach,
  fault,
  isFaulty,
  type Maybe,
  missing,
  readSecretContent,
  readSecretText,
  allOrMissing,
} from './read-context.ts'
import { quoted } from './fault-text.ts'
import type { Path } from './yaml-text.ts'
import { parseDuration, parseSize } from './units.ts'
import type { IdentitySource } from '../../handshake/server-identity.ts'
import type { ListenerTlsVersion } from './tls-schema.ts'

/** The keys of a certificate as they stand in the file. */
export interface WrittenIdentity {
  readonly chain?: string | undefined
  readonly key?: string | undefined
  readonly pkcs12?: string | undefined
  readonly passphrase?: string | undefined
}

/** A chain with its key, from PEM or PKCS#12. */
export function readIdentity(
  context: ReadContext,
  path: Path,
  written: WrittenIdentity,
): Maybe<IdentitySource> {
  const { chain, key, pkcs12 } = written
  const passphrase =
    written.passphrase === undefined
      ? undefined
      : readSecretText(context, [...path, 'passphrase'], written.passphrase)
  if (pkcs12 !== undefined && (chain !== undefined || key !== undefined)) {
    return fault(
      context,
      [...path, 'pkcs12'],
      'found pkcs12 beside chain or key, wanted one or the other: remove one',
      'key',
    )
  }
  if (pkcs12 !== undefined) {
    const file = readSecretContent(context, [...path, 'pkcs12'], pkcs12)
    return allOrMissing<IdentitySource & { kind: 'pkcs12' }>({
      kind: 'pkcs12',
      file,
      passphrase,
    })
  }
  const absent = [chain === undefined ? ['chain'] : [], key === undefined ? ['key'] : []].flat()
  if (absent.length > 0 && !isFaulty(context, path)) {
    return fault(
      context,
      path,
      `found no ${absent.join(' and no ')}, wanted chain and key (or pkcs12): add what is missing`,
    )
  }
  return allOrMissing<IdentitySource & { kind: 'pem' }>({
    kind: 'pem',
    chain: readContent(context, [...path, 'chain'], chain),
    key: readSecretContent(context, [...path, 'key'], key),
    passphrase,
  })
}

/** The oldest and the newest version; the order is checked. */
export function readVersions<Version extends ListenerTlsVersion>(
  context: ReadContext,
  path: Path,
  versions: { readonly minVersion: Version; readonly maxVersion: Version },
): Maybe<{ readonly minVersion: Version; readonly maxVersion: Version }> {
  const { minVersion, maxVersion } = versions
  if (minVersion <= maxVersion) return versions
  return fault(
    context,
    [...path, 'minVersion'],
    `found minVersion ${minVersion} above maxVersion ${maxVersion}, wanted the older first: swap them`,
  )
}

/**
 * Suites that a device can use here, by either spelling. OpenSSL skips unknown names silently as long as one is good,
 * and lists some that no handshake ends with, so we ask first.
 */
export function readCiphers(
  context: ReadContext,
  path: Path,
  names: readonly (string | undefined)[] | undefined,
): Maybe<readonly string[] | undefined> {
  if (names === undefined) return undefined
  const what = 'a cipher suite'
  return readEach(names, (name, index) => {
    const found = findItem(runtimeCatalogue(), 'suites', name)
    if (found.kind === 'offered') return found.item.name
    if (found.kind === 'unknown') {
      return unknownName(context, [...path, index], { name, what, suggestion: found.suggestion })
    }
    const message = `found ${quoted(name)}, wanted a suite that devices can use: ${found.why}; remove it`
    return fault(context, [...path, index], message)
  })
}

/** Groups that this runtime knows. */
export function readGroups(
  context: ReadContext,
  path: Path,
  names: readonly (string | undefined)[] | undefined,
): Maybe<readonly string[] | undefined> {
  if (names === undefined) return undefined
  return readEach(names, (name, index) => {
    if (isGroup(name)) return name
    const suggestion = closestMatch(name, COMMON_GROUPS)
    return unknownName(context, [...path, index], {
      name,
      what: 'a key exchange group',
      suggestion,
    })
  })
}

/** A length of time whose spelling and bounds the shape check has seen. */
export function millis(written: string | undefined): Maybe<Millis> {
  const read = written === undefined ? undefined : parseDuration(written)
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
  context: ReadContext,
  path: Path,
  { name, what, suggestion }: { name: string; what: string; suggestion: string | undefined },
): typeof missing {
  const advice = suggestion === undefined ? 'remove it' : `did you mean ${suggestion}?`
  return fault(context, path, `found ${quoted(name)}, wanted ${what} of this runtime: ${advice}`)
}
