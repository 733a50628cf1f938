/**
 * Plays x509-limbo's cases (third-party data, read from the folder that TFE_VECTORS names) through the pure core.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { decide, vouchedFor, type Peer } from '../../src/decide/decide.ts'
import { NO_FLEET, type Policy } from '../../src/decide/policy.ts'
import type { Instant, Millis } from '../../src/kernel/types.ts'
import type { Limits, Profile, Purpose } from '../../src/trust/limits.ts'
import { examine, judge, type Examination } from '../../src/trust/judge.ts'
import { trustStore, type TrustStore } from '../../src/trust/store.ts'
import { parseCertificate, type Certificate } from '../../src/x509/certificate.ts'
import { parsePem } from '../../src/x509/pem.ts'
import { revocationOf } from './limbo-lists.ts'

/** The fields of a case that matter here. */
export interface Case {
  readonly id: string
  readonly expected_result: 'SUCCESS' | 'FAILURE'
  readonly trusted_certs: readonly string[]
  readonly untrusted_intermediates: readonly string[]
  readonly peer_certificate: string
  readonly validation_time: string | null
  readonly max_chain_depth: number | null
  readonly crls: readonly string[] | null
  readonly validation_kind: string
  readonly extended_key_usage: readonly string[]
  readonly conflicts_with: readonly string[]
  readonly peer_certificate_key: string | null
  readonly expected_peer_name: { readonly kind: string; readonly value: string } | null
}

export type Tier = 'A' | 'B' | 'C'

/** Admitted, with the kinds of findings on the path; or refused, and by what. */
export type Verdict =
  | { readonly kind: 'admit'; readonly findings: readonly string[] }
  | { readonly kind: 'refuse'; readonly why: string }

/** The corpus folder, when there is one. */
export const vectors = (): string | undefined => {
  const folder = process.env['TFE_VECTORS']
  return folder !== undefined && existsSync(join(folder, 'limbo-client.json')) ? folder : undefined
}

export const casesOf = (folder: string, file: string): readonly Case[] =>
  (JSON.parse(readFileSync(join(folder, file), 'utf8')) as { testcases: readonly Case[] }).testcases

/** Case id → tier: A is right in plain OpenSSL, B in its strict modes, C in none. */
export function tiersOf(folder: string, file: string): ReadonlyMap<string, Tier> {
  const tiers = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Record<Tier, string[]>
  const pairs = (['A', 'B', 'C'] as const).flatMap((tier) =>
    tiers[tier].map((id) => [id, tier] as const),
  )
  return new Map(pairs)
}

/** What the core says, its clock set as the case wants it: of a request that every certificate has to answer for. */
export function verdictOn(limbo: Case, profile: Profile, purpose: Purpose): Verdict {
  const { settings, store } = storeOf(limbo, profile)
  const revocation = revocationOf(limbo.crls ?? [], settings, profile)
  const policy: Policy = {
    enforcement: 'required',
    grace: (30 * DAY) as Millis,
    renewalWindow: (270 * DAY) as Millis,
    standings: new Map(settings.map(({ name }) => [name, { kind: 'current' }])),
    denied: { keys: new Set(), serials: new Set() },
    revocation: revocation.policy,
    fleet: NO_FLEET,
  }
  const at = Date.parse(limbo.validation_time ?? '2026-01-01T00:00:00Z') as Instant
  const decision = decide({ peer: peerIn(limbo, store, purpose), route: 'always' }, policy, at)
  if (decision.kind === 'refuse') return { kind: 'refuse', why: decision.why.kind }
  const findings = vouchedFor(decision)?.path.findings ?? []
  const kinds = findings.map(({ kind }) => kind)
  return { kind: 'admit', findings: [...kinds, ...revocation.findings] }
}

const DAY = 86_400_000

/** What it takes to judge the presented chain, and the budgets for it; nothing for a leaf that cannot be read. */
export function examinationOf(
  limbo: Case,
  profile: Profile,
  purpose: Purpose,
): { readonly limits: Limits; readonly examination: Examination | undefined } {
  const { store } = storeOf(limbo, profile)
  const leaf = read(limbo.peer_certificate)
  if (!leaf.ok) return { limits: store.limits, examination: undefined }
  const intermediates = readAll(limbo.untrusted_intermediates)
  const examination = examine({ leaf: leaf.value, intermediates }, store, purpose)
  return { limits: store.limits, examination }
}

function storeOf({ max_chain_depth: depth, trusted_certs: anchors }: Case, profile: Profile) {
  const settings = anchors.map((pem, index) => ({
    name: `setting ${index}`,
    chain: readAll([pem]),
  }))
  const limits = depth === null ? {} : { depth }
  return { settings, store: trustStore({ settings, profile, limits }) }
}

function peerIn(limbo: Case, store: TrustStore, purpose: Purpose): Peer {
  const leaf = read(limbo.peer_certificate)
  if (!leaf.ok) return { kind: 'unreadable', fault: leaf.failure }
  const intermediates = readAll(limbo.untrusted_intermediates)
  const paths = judge({ leaf: leaf.value, intermediates }, store, purpose)
  return { kind: 'presented', leaf: leaf.value, paths }
}

/** The certificates among these that can be read. */
export const readAll = (pems: readonly string[]): readonly Certificate[] =>
  pems.flatMap((pem) => {
    const certificate = read(pem)
    return certificate.ok ? [certificate.value] : []
  })

function read(pem: string): ReturnType<typeof parseCertificate> {
  const blocks = parsePem(pem)
  const der = blocks.ok ? blocks.value[0]?.der : undefined
  return parseCertificate(der ?? Buffer.alloc(0))
}
