/**
 * What a verdict was given by: the standing of each setting on the paths, the entries of the deny list that name a
 * certificate, the lists that were asked, the approval; and, from the store, since when and by whom.
 */
import type { Approval, ApprovalModel, Standing } from '../../decide/policy.ts'
import type { Peer } from '../../decide/decide.ts'
import type { EnforcementInForce } from '../../fleet/enforcement-in-force.ts'
import type { Instant, KeyFingerprint, TrustVersion } from '../../kernel/types.ts'
import { issuedOn, statusOf } from '../../trust/revocation.ts'
import type { SoundPath } from '../../trust/validate.ts'
import type { ExplainContext } from './context.ts'

/** What the process that answers knows. */
export interface ProcessFacts {
  readonly enforcement: EnforcementInForce
  readonly model: ApprovalModel
  /** Of the device's key; undefined where the store could not be read, and where there is no certificate. */
  readonly approval: Approval | undefined
  readonly key: KeyFingerprint | undefined
  readonly settings: readonly SettingFacts[]
  readonly denials: readonly DenialFacts[]
  readonly lists: readonly ListFacts[]
  readonly trustVersion: TrustVersion
  /** Which configuration of this process it is; it counts up with each that is applied. */
  readonly snapshot: number | undefined
}

export interface SettingFacts {
  readonly name: string
  readonly standing: Standing['kind'] | 'gone'
}

/** An entry of the deny list that names a certificate of a path, or would name it. */
export interface DenialFacts {
  readonly of: 'key' | 'serial'
  /** A serial as `<issuer key>:<serial>`. */
  readonly value: string
  /** `file`: it stands in the configuration. `distrust`: it is the key of a CA that is distrusted. */
  readonly owner: 'distrust' | 'file' | 'store'
}

/** A revocation list that was asked. */
export interface ListFacts {
  readonly setting: string
  /** Hexadecimal; undefined for one without. */
  readonly number: string | undefined
  readonly thisUpdate: Instant
  readonly nextUpdate: Instant
}

/** Gathers them for a peer. */
export function processFacts(
  peer: Peer,
  context: ExplainContext,
  snapshot: number | undefined,
): ProcessFacts {
  const { compiled, knowledge } = context
  const { policy, config, enforcement, trust } = compiled
  const paths = peer.kind === 'presented' && peer.paths.ok ? peer.paths.value : []
  const key = peer.kind === 'presented' ? peer.leaf.publicKey.fingerprint : undefined
  const names = [...new Set(paths.map(({ anchor }) => anchor.setting))]
  return {
    enforcement,
    model: config.approval.model,
    approval:
      knowledge === 'file' || key === undefined
        ? undefined
        : policy.fleet.approvals.approvalOf(key),
    key,
    settings: names.map((name) => ({
      name,
      standing: policy.standings.get(name)?.kind ?? 'gone',
    })),
    denials: denialsOf(peer, paths, compiled),
    lists: listsAsked(paths, context),
    trustVersion: trust.version,
    snapshot,
  }
}

function denialsOf(
  peer: Peer,
  paths: readonly SoundPath[],
  { policy, config, chains }: ExplainContext['compiled'],
): readonly DenialFacts[] {
  if (peer.kind !== 'presented') return []
  const { denied } = policy
  const { keys, serials } = config.trust.denied
  const all = paths.flatMap(({ certificates, anchor }) => [...certificates, anchor.certificate])
  const ofKeys = new Set([peer.leaf, ...all].map(({ publicKey }) => publicKey.fingerprint))
  const ofSerials = new Set(
    paths.map(({ certificates, anchor }) => {
      const issuer = certificates[1] ?? anchor.certificate
      return `${issuer.publicKey.fingerprint}:${peer.leaf.serial}`
    }),
  )
  const distrusted = new Set(
    config.trust.enrollmentSettings
      .filter(({ standing }) => standing.kind === 'distrusted')
      .flatMap(({ name }) => chains.get(name) ?? [])
      .map(({ publicKey }) => publicKey.fingerprint),
  )
  return [
    ...[...ofKeys]
      .filter((key) => denied.keys.has(key))
      .map((value): DenialFacts => ({
        of: 'key',
        value,
        owner: keys.has(value) ? 'file' : distrusted.has(value) ? 'distrust' : 'store',
      })),
    ...[...ofSerials]
      .filter((serial) => denied.serials.has(serial))
      .map((value): DenialFacts => ({
        of: 'serial',
        value,
        owner: serials.has(value) ? 'file' : 'store',
      })),
  ]
}

function listsAsked(
  paths: readonly SoundPath[],
  { compiled: { policy }, query }: ExplainContext,
): readonly ListFacts[] {
  const { lists } = policy.revocation
  const asked = paths.flatMap((path) =>
    issuedOn(path).flatMap(([certificate, issuer]) => {
      const status = statusOf(certificate, issuer, { lists, now: query.at })
      const list = status.kind === 'revoked' ? status.revocation.list : status.list
      if (list === undefined) return []
      const { number, thisUpdate, nextUpdate } = list.crl
      return [{ setting: path.anchor.setting, number, thisUpdate, nextUpdate }]
    }),
  )
  return [...new Map(asked.map((one) => [JSON.stringify(one), one])).values()]
}
