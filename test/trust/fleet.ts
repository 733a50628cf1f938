/**
 * A small fleet for the tables of this room: a root, an issuing CA below it, devices below that.
 */
import { examine, judge, type Examination } from '../../src/trust/judge.ts'
import type { Limits, Profile, Purpose } from '../../src/trust/limits.ts'
import { trustStore, type TrustStore } from '../../src/trust/store.ts'
import type { PathResult } from '../../src/trust/validate.ts'
import { parseCertificate, type Certificate } from '../../src/x509/certificate.ts'
import type { Minted } from '../support/certificates/mint-certificate.ts'
import {
  mintCa,
  mintLeaf,
  type Ca,
  type CaOptions,
  type LeafOptions,
} from '../support/certificates/mint.ts'

export const ROOT = mintCa({ name: 'Root' })
export const ISSUING = mintCa({ name: 'Issuing', issuer: ROOT })

export const caBelow = (issuer: Ca, name: string, options: Omit<CaOptions, 'name'> = {}): Ca =>
  mintCa({ ...options, name, issuer })
export const device = (options: Partial<LeafOptions> = {}): Minted =>
  mintLeaf({ issuer: ISSUING, name: 'device-1', ...options })

/** Reads what was minted; a minted certificate that cannot be read is a broken test. */
export function read({ der }: { readonly der: Buffer }): Certificate {
  const parsed = parseCertificate(der)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.failure))
  return parsed.value
}

export interface Setting {
  readonly profile?: Profile
  readonly limits?: Partial<Limits>
  /** One enrollment setting each; default: the root alone. */
  readonly chains?: readonly (readonly Minted[])[]
}

export const storeOf = ({
  profile = 'private',
  limits = {},
  chains = [[ROOT]],
}: Setting = {}): TrustStore =>
  trustStore({
    settings: chains.map((chain, index) => ({ name: `setting ${index}`, chain: chain.map(read) })),
    profile,
    limits,
  })

export interface Peer extends Setting {
  readonly leaf: Minted
  /** Default: the issuing CA. */
  readonly presented?: readonly Minted[]
  readonly purpose?: Purpose
}

const chainOf = ({ leaf, presented = [ISSUING] }: Peer) => ({
  leaf: read(leaf),
  intermediates: presented.map(read),
})

export const judged = (peer: Peer): PathResult =>
  judge(chainOf(peer), storeOf(peer), peer.purpose ?? 'client')

export const examined = (peer: Peer): Examination =>
  examine(chainOf(peer), storeOf(peer), peer.purpose ?? 'client')

/** `sound`, or the kind of the failure. */
export function verdict(peer: Peer): string {
  const result = judged(peer)
  return result.ok ? 'sound' : result.failure.kind
}

/** The common names of each sound path, leaf first, anchor last. */
export function pathsOf(result: PathResult): readonly string[] {
  if (!result.ok) return []
  return result.value.map(({ certificates, anchor }) =>
    [...certificates, anchor.certificate].map(nameOf).join(' < '),
  )
}

export const nameOf = ({ subject }: Certificate): string => subject.rdns[0]?.[0]?.text ?? ''
