/**
 * Plays x509-limbo's cases (third-party data, read from the folder that TFE_VECTORS names) through the pure core.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { revoked, undecided } from '../../src/decide/judge-revocation.ts'
import { fail, type Instant, type Result } from '../../src/kernel/types.ts'
import type { Limits, Profile, Purpose } from '../../src/trust/limits.ts'
import { judge } from '../../src/trust/judge.ts'
import { trustStore } from '../../src/trust/store.ts'
import type { SoundPath } from '../../src/trust/validate.ts'
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

/** What the core, and a clock set as the case wants it, say. */
export function verdictOn(limbo: Case, profile: Profile, purpose: Purpose): Verdict {
  const leaf = read(limbo.peer_certificate)
  if (!leaf.ok) return { kind: 'refuse', why: leaf.failure }
  const limits: Partial<Limits> =
    limbo.max_chain_depth === null ? {} : { depth: limbo.max_chain_depth }
  const settings = limbo.trusted_certs.map((pem, index) => ({
    name: `setting ${index}`,
    chain: readAll([pem]),
  }))
  const store = trustStore({ settings, profile, limits })
  const intermediates = readAll(limbo.untrusted_intermediates)
  const result = judge({ leaf: leaf.value, intermediates }, store, purpose)
  if (!result.ok) return { kind: 'refuse', why: result.failure.kind }
  const at = Date.parse(limbo.validation_time ?? '2026-01-01T00:00:00Z')
  const timely = result.value.find((path) => isTimely(path, at))
  if (timely === undefined) return { kind: 'refuse', why: 'untimely' }
  const revocation = revocationOf(limbo.crls ?? [], settings)
  const doubt = revoked(timely, revocation) ?? undecided(timely, revocation, at as Instant)
  if (doubt !== undefined) return { kind: 'refuse', why: doubt.kind }
  return { kind: 'admit', findings: timely.findings.map(({ kind }) => kind) }
}

/** As `decide` has it: every certificate of the path and the trust anchor's own, bounds included. */
const isTimely = ({ certificates, anchor }: SoundPath, at: number): boolean =>
  [...certificates, anchor.certificate].every(
    ({ notBefore, notAfter }) => notBefore <= at && at <= notAfter,
  )

const readAll = (pems: readonly string[]): readonly Certificate[] =>
  pems.flatMap((pem) => {
    const certificate = read(pem)
    return certificate.ok ? [certificate.value] : []
  })

function read(pem: string): Result<Certificate, string> {
  const blocks = parsePem(pem)
  const der = blocks.ok ? blocks.value[0]?.der : undefined
  if (der === undefined) return fail('certificate-malformed')
  const parsed = parseCertificate(der)
  return parsed.ok ? parsed : fail(parsed.failure.kind)
}
