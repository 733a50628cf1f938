/** What listeners and upstreams have in common: certificates with their keys, versions, suites, groups. */
import { closestMatch } from '../../kernel/closest-match.ts'
import { findItem } from '../../upstream-tls/catalogue.ts'
import { isGroupOffered, runtimeCatalogue } from './runtime-offers.ts'
import {
  contentOf,
  type Referenced,
  readContent,
  readSecretContent,
  readSecretText,
} from './content.ts'
import { quoted } from './fault-text.ts'
import { explainUnused, keystoreKey, type KeystoreReference } from './keystores.ts'
import { allOrMissing, type Maybe, missing, type Place, readEach } from './place.ts'
import { explainPkcs12 } from '../../handshake/pkcs12/failure.ts'
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
export function readIdentity(place: Place<WrittenIdentity>): Maybe<IdentitySource> {
  const { chain, key, pkcs12 } = place.written ?? {}
  const unread = unreadSecret(place)
  if (unread !== undefined) {
    const { name, why } = unread
    const message = `the certificate was not looked at, because the secret ${name} was not: ${why}`
    place.warn(message)
    return { kind: 'sealed', at: place.location, name }
  }
  const passphrase = place.at('passphrase').optional(readSecretText)
  if (pkcs12 !== undefined && (chain !== undefined || key !== undefined)) {
    const message = 'found pkcs12 beside chain or key, wanted one or the other: remove one'
    return place.at('pkcs12').fault(message, 'key')
  }
  if (pkcs12 !== undefined) {
    const { passphrase: reference } = place.written ?? {}
    const source = readPkcs12(place.at('pkcs12'), { pkcs12, passphrase: reference })
    return passphrase === missing ? missing : source
  }
  const absent = [chain === undefined ? ['chain'] : [], key === undefined ? ['key'] : []].flat()
  if (absent.length > 0 && !place.isFaulty) {
    return place.fault(
      `found no ${absent.join(' and no ')}, wanted chain and key (or pkcs12): add what is missing`,
    )
  }
  return allOrMissing<IdentitySource & { kind: 'pem' }>({
    kind: 'pem',
    chain: readContent(place.at('chain')),
    key: readSecretContent(place.at('key')),
    passphrase,
  })
}

/** A secret of the store that could not be looked at, where that leaves its certificate out and is no fault. */
function unreadSecret({ written, context }: Place<WrittenIdentity>): Unread | undefined {
  if (context.secrets.unread !== 'left-out') return undefined
  const { key, pkcs12, passphrase } = written ?? {}
  return [key, pkcs12, passphrase]
    .map((reference) => (reference === undefined ? undefined : contentOf(reference, context)))
    .find((found) => found?.kind === 'secret-unread')
}

type Unread = Extract<Referenced, { readonly kind: 'secret-unread' }>

/** What was opened before; a file that is not there has its fault from being read here. */
function readPkcs12(
  place: Place<string>,
  reference: KeystoreReference,
): Maybe<IdentitySource & { kind: 'pkcs12' }> {
  const file = readSecretContent(place)
  const result = place.context.keystores.get(keystoreKey(reference))
  if (file === missing || result === undefined) return missing
  if (!result.ok) return place.fault(explainPkcs12(result.failure, file.path))
  const { certificatePems, keyPem, unused } = result.value
  for (const one of unused) place.warn(explainUnused(one, file.path))
  return { kind: 'pkcs12', at: file.at, opened: { certificatePems, keyPem } }
}

/** The versions, once the oldest is not above the newest. */
export function readVersions<Version extends ListenerTlsVersion>(
  place: Place<{ readonly minVersion?: unknown }>,
  versions: { readonly minVersion: Version; readonly maxVersion: Version },
): Maybe<{ readonly minVersion: Version; readonly maxVersion: Version }> {
  const { minVersion, maxVersion } = versions
  if (minVersion <= maxVersion) return versions
  const message = `found minVersion ${minVersion} above maxVersion ${maxVersion}, wanted the older first: swap them`
  return place.at('minVersion').fault(message)
}

type NameList = Place<readonly (string | undefined)[]>

/**
 * Suites that a device can use here, by either spelling. OpenSSL skips unknown names silently as long as one is good,
 * and lists some that no handshake ends with, so we ask first.
 */
export const readCiphers = (names: NameList): Maybe<readonly string[] | undefined> =>
  names.optional((list) =>
    readEach(list, (name, place) => {
      const found = findItem(runtimeCatalogue(), 'suites', name)
      if (found.kind === 'offered') return found.item.name
      if (found.kind === 'unknown') return unknownName(place, 'cipher suite', found.suggestion)
      const message = `found ${quoted(name)}, wanted a suite that devices can use: ${found.why}; remove it`
      return place.fault(message)
    }),
  )

/** Groups that this runtime knows. */
export const readGroups = (names: NameList): Maybe<readonly string[] | undefined> =>
  names.optional((list) =>
    readEach(list, (name, place) =>
      isGroupOffered(name)
        ? name
        : unknownName(place, 'key exchange group', closestMatch(name, COMMON_GROUPS)),
    ),
  )

const COMMON_GROUPS = ['X25519MLKEM768', 'X25519', 'X448', 'P-256', 'P-384', 'P-521', 'ffdhe2048']

/** Reports a name that the TLS library does not have; `what` it should be is a noun. */
export function unknownName(
  place: Place<string>,
  what: string,
  suggestion: string | undefined,
): typeof missing {
  const advice = suggestion === undefined ? 'remove it' : `did you mean ${suggestion}?`
  const name = quoted(place.written ?? '')
  return place.fault(`found ${name}, wanted a ${what} of this runtime: ${advice}`)
}
