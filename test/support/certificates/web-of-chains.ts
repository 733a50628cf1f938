/**
 * Webs of certificates as upstreams send them: one path that holds from the leaf to a trusted root, and around it what makes
 * it hard to find (RFC 4158 §1.4). Each web also has an unsound twin, in which that one path is broken. The seed gives the
 * structure and the order; keys are new each time.
 */
import { SeededRandom } from '../seeded-random.ts'
import * as der from './der-writer.ts'
import {
  basicConstraints,
  extendedKeyUsage,
  mintCa,
  mintLeaf,
  OIDS,
  type Ca,
  type CaOptions,
} from './mint.ts'
import { mintKeys, type Keys } from './mint-certificate.ts'

/** What stands around the path. */
export const FAMILIES = [
  'cross-signed by a CA that is not trusted',
  'an expired alternate of the intermediate',
  'an alternate below an expired CA',
  'two CAs of one name with different keys',
  'alternates of one name and key with other constraints',
  'a root that is trusted only through its cross-certificate',
  '36 certificates in any order',
  'dead ends two CAs deep',
  'an expired trusted root beside its cross-certificate',
  'CAs that certify each other in a circle',
] as const

/** How the path is broken in the unsound twin. */
export const BREAKS = [
  'its only path has expired',
  'a CA of its only path was signed with another key',
  'a CA of its only path may not issue for its name',
  'an issuer of its only path is no CA',
  'a CA of its only path allows no CA below it',
  'a CA of its only path may only issue for clients',
  'it has another name',
  'it has expired itself',
  'its root is not trusted, one of the same name is',
  'a CA of its only path begins tomorrow',
] as const

export type Family = (typeof FAMILIES)[number]
export type Break = (typeof BREAKS)[number]

export interface Web {
  readonly family: Family
  /** The trust store, as PEM. */
  readonly trusted: readonly string[]
  /** What the server sends, leaf first. */
  readonly sent: readonly string[]
  readonly keyPem: string
}

/** A web around a path for `upstream.test`; sound unless it is broken. */
export function mintWeb(seed: number, family: Family, broken?: Break): Web {
  const random = new SeededRandom(seed)
  // With key identifiers a builder is led, without them it has names only.
  const named = family === 'two CAs of one name with different keys' || random.oneIn(3)
  const without = named ? NO_IDENTIFIERS : []
  const ca = (name: string, options: CaOptions = {}): Ca => mintCa({ name, without, ...options })
  const keys = { issuing: mintKeys(), policy: mintKeys(), root: mintKeys() }
  const root = ca('Root', { keys: keys.root })
  const base: Base = { ca, keys, root, random }
  const around = AROUND[family](base)
  const top = around.top ?? root
  const policy = ca('Policy', {
    keys: keys.policy,
    issuer: top,
    ...(broken === 'a CA of its only path allows no CA below it' ? { pathLength: 0 } : {}),
  })
  const issuing = ca('Issuing', { keys: keys.issuing, ...brokenIssuing(broken, policy) })
  const leaf = mintLeaf({
    issuer: issuing,
    without,
    purposes: ['serverAuth'],
    dns: [broken === 'it has another name' ? 'other.test' : 'upstream.test'],
    ...(broken === 'it has expired itself' ? PAST : {}),
  })
  const decoys = around.decoys(policy)
  const others = [issuing, policy, ...around.sent, ...decoys]
  const strangers =
    family === '36 certificates in any order'
      ? Array.from({ length: 35 - others.length }, (_, index) => ca(`Stranger ${index}`))
      : []
  const isTrusted = broken !== 'its root is not trusted, one of the same name is'
  const roots = isTrusted ? around.trusted : [ca(around.rootName, {})]
  return {
    family,
    trusted: [...roots, ...around.alsoTrusted].map(({ pem }) => pem),
    sent: [leaf, ...random.shuffled([...others, ...strangers])].map(({ pem }) => pem),
    keyPem: leaf.keyPem,
  }
}

interface Base {
  readonly ca: (name: string, options?: CaOptions) => Ca
  readonly keys: Readonly<Record<'issuing' | 'policy' | 'root', Keys>>
  readonly root: Ca
  readonly random: SeededRandom
}

/** What stands around a path, by itself a path of nothing. */
interface Around {
  /** What signs the policy CA where that is not the root as it is trusted. */
  readonly top: Ca | undefined
  readonly rootName: string
  readonly trusted: readonly Ca[]
  /** Trusted in the unsound twin, too. */
  readonly alsoTrusted: readonly Ca[]
  /** Sent beside the two CAs of the path. */
  readonly sent: readonly Ca[]
  readonly decoys: (policy: Ca) => readonly Ca[]
}

const NO_IDENTIFIERS = [OIDS.authorityKeyIdentifier, OIDS.subjectKeyIdentifier]
const DAY = 86_400_000
const PAST = { notBefore: Date.now() - 9 * DAY, notAfter: Date.now() - DAY }
const FUTURE = { notBefore: Date.now() + DAY, notAfter: Date.now() + 9 * DAY }

const plain = (root: Ca, decoys: Around['decoys'], sent: readonly Ca[] = []): Around => ({
  top: undefined,
  rootName: 'Root',
  trusted: [root],
  alsoTrusted: [],
  sent,
  decoys,
})

const denied = {
  oid: OIDS.nameConstraints,
  critical: true,
  value: der.sequence(
    der.context(1, der.sequence(der.contextPrimitive(2, Buffer.from('upstream.test')))),
  ),
}
const forClients = { extensions: [extendedKeyUsage('1.3.6.1.5.5.7.3.2')] }

const AROUND: Readonly<Record<Family, (base: Base) => Around>> = {
  'cross-signed by a CA that is not trusted': ({ ca, keys, root, random }) => {
    const stranger = ca('Stranger')
    return plain(root, () => [
      ca('Issuing', { keys: keys.issuing, issuer: stranger }),
      ca('Policy', { keys: keys.policy, issuer: stranger }),
      ...(random.oneIn(2) ? [stranger] : []),
    ])
  },
  'an expired alternate of the intermediate': ({ ca, keys, root }) =>
    plain(root, (policy) => [
      ca('Issuing', { keys: keys.issuing, issuer: policy, ...PAST }),
      ca('Policy', { keys: keys.policy, issuer: root, ...PAST }),
    ]),
  'an alternate below an expired CA': ({ ca, keys, root }) => {
    const old = ca('Old', { issuer: root, ...PAST })
    return plain(root, () => [
      old,
      ca('Issuing', { keys: keys.issuing, issuer: old }),
      ca('Policy', { keys: keys.policy, issuer: old }),
    ])
  },
  'two CAs of one name with different keys': ({ ca, root, random }) =>
    plain(root, (policy) => [
      ...Array.from({ length: 1 + random.below(3) }, () => ca('Issuing', { issuer: policy })),
      ca('Policy', { issuer: root }),
    ]),
  'alternates of one name and key with other constraints': ({ ca, keys, root }) =>
    plain(root, (policy) => [
      ca('Issuing', { keys: keys.issuing, issuer: policy, extensions: [denied] }),
      ca('Issuing', { keys: keys.issuing, issuer: policy, ...forClients }),
      ca('Policy', { keys: keys.policy, issuer: root, pathLength: 0 }),
    ]),
  'a root that is trusted only through its cross-certificate': ({ ca, keys }) => {
    const trusted = ca('Older Root')
    const cross = ca('Root', { keys: keys.root, issuer: trusted })
    const itself = ca('Root', { keys: keys.root })
    return {
      top: cross,
      rootName: 'Older Root',
      trusted: [trusted],
      alsoTrusted: [],
      sent: [cross],
      decoys: () => [itself],
    }
  },
  '36 certificates in any order': ({ ca, keys, root }) => {
    const strangers = Array.from({ length: 6 }, (_, index) => ca(`Elsewhere ${index}`))
    return plain(root, (policy) => [
      ...strangers.map((issuer) => ca('Issuing', { keys: keys.issuing, issuer })),
      ...strangers.map((issuer) => ca('Policy', { keys: keys.policy, issuer })),
      ca('Issuing', { keys: keys.issuing, issuer: policy, ...PAST }),
    ])
  },
  'dead ends two CAs deep': ({ ca, keys, root }) => {
    const nowhere = ca('Nowhere')
    const below = ca('Below Nowhere', { issuer: nowhere })
    return plain(root, () => [below, ca('Issuing', { keys: keys.issuing, issuer: below })])
  },
  'an expired trusted root beside its cross-certificate': ({ ca, keys }) => {
    const trusted = ca('Newer Root')
    const cross = ca('Root', { keys: keys.root, issuer: trusted })
    const expired = ca('Root', { keys: keys.root, ...PAST })
    return {
      top: cross,
      rootName: 'Newer Root',
      trusted: [trusted],
      alsoTrusted: [expired],
      sent: [cross],
      decoys: () => [],
    }
  },
  'CAs that certify each other in a circle': ({ ca, keys, root, random }) => {
    const east = ca('East')
    const west = ca('West')
    return plain(root, () => [
      ca('East', { keys: east, issuer: west }),
      ca('West', { keys: west, issuer: east }),
      ca('Issuing', { keys: keys.issuing, issuer: east }),
      ca('Policy', { keys: keys.policy, issuer: west }),
      ...(random.oneIn(2) ? [east] : []),
    ])
  },
}

function brokenIssuing(broken: Break | undefined, policy: Ca): CaOptions {
  switch (broken) {
    case 'its only path has expired':
      return { issuer: policy, ...PAST }
    case 'a CA of its only path begins tomorrow':
      return { issuer: policy, ...FUTURE }
    case 'a CA of its only path was signed with another key':
      return { issuer: { ...policy, key: mintKeys().key } }
    case 'a CA of its only path may not issue for its name':
      return { issuer: policy, extensions: [denied] }
    case 'an issuer of its only path is no CA':
      return { issuer: policy, extensions: [basicConstraints(false)] }
    case 'a CA of its only path may only issue for clients':
      return { issuer: policy, ...forClients }
    case 'a CA of its only path allows no CA below it':
    case 'it has another name':
    case 'it has expired itself':
    case 'its root is not trusted, one of the same name is':
    case undefined:
      return { issuer: policy }
    default:
      return broken satisfies never
  }
}
