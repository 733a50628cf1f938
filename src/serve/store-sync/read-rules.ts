/**
 * What the store says, as the processes that judge need it: rules for the whole fleet, and decisions about single
 * devices. Read by the primary alone, page by page, never on a request's way.
 */
import { readUpstreamTls, unknownDocument } from './read-upstream-tls.ts'
import { SYNC_PORT } from '../../store/settings/ports.ts'
import type { Config } from '../../config/config.ts'
import type { Approval } from '../../decide/policy.ts'
import { APPROVAL_DOCUMENT, readApprovalModel } from '../../fleet/stored-settings.ts'
import { fail, ok, type KeyFingerprint, type Result } from '../../kernel/types.ts'
import {
  approvalsDelta,
  knownDelta,
  Overlay,
  signedIdsDelta,
  type DenialDelta,
  type OverlayDelta,
} from '../../state/overlay.ts'
import type { StoreRules } from '../../state/store-rules.ts'
import type { StoredEnrollmentSetting } from '../../state/stored-setting.ts'
import type { StateFacts } from '../../state/preview/judged-state.ts'
import type { IdPageRequest } from '../../store/devices/approvals.ts'
import { denyColumns, type DenyTarget } from '../../store/devices/denials.ts'
import type { StoredSetting, StoredStanding } from '../../store/settings/enrollment-setting.ts'
import type { StoreFailure } from '../../store/failure.ts'
import type { Store } from '../../store/port.ts'

/** Applies deltas, in the order in which it is called. */
export type ApplyDelta = (delta: OverlayDelta) => void

/** The parts of the configuration that name what the store speaks of. */
export type FileConfig = Pick<Config, 'listeners' | 'trust' | 'upstreams'>

/** What holds for the whole fleet, as of a revision or later. */
export async function readRules(
  store: Store,
  fileConfig: FileConfig,
  revision: number,
): Promise<Result<StoreRules, StoreFailure>> {
  const enforcement = await store.enforcement.current()
  if (!enforcement.ok) return enforcement
  const settings = await store.enrollment.list()
  if (!settings.ok) return settings
  const points = await store.revocationLists.points()
  if (!points.ok) return points
  const oauth = await store.oauth.current()
  if (!oauth.ok) return oauth
  const ports = await store.ports.list()
  if (!ports.ok) return ports
  const approval = await store.documents.find(APPROVAL_DOCUMENT)
  if (!approval.ok) return approval
  const body = approval.value?.body
  const model = body === undefined ? undefined : readApprovalModel(body)
  if (model?.ok === false) return fail(unknownDocument(APPROVAL_DOCUMENT))
  const pages = await readUpstreamTls(store, fileConfig.upstreams)
  if (!pages.ok) return pages
  const { mutual, legacy } = oauth.value
  const closed = ports.value.filter(({ state }) => state === 'closed').map(({ name }) => name)
  const sync = syncListener(fileConfig)
  return ok({
    revision,
    latch: enforcement.value.state,
    enrollmentSettings: settings.value.flatMap((one) => chainOf(one, fileConfig)),
    removedSettings: settings.value
      .filter(({ standing }) => standing.kind === 'removed')
      .map(({ name }) => name),
    listPoints: points.value.map(({ setting, url }) => ({ setting, url })),
    approvalModel: model?.value,
    // The legacy endpoint is there until an administrator disables it.
    oauth: { modern: mutual, legacy: legacy === 'disabled' ? 'disabled' : 'enabled' },
    closedListeners: sync !== undefined && closed.includes(SYNC_PORT) ? [sync] : [],
    upstreamTls: pages.value.upstreamTls,
  })
}

/** The listener behind the legacy sync port (S0-16); one that speaks HTTP there is known by its port or its name. */
export const syncListener = ({ listeners }: Pick<FileConfig, 'listeners'>): string | undefined =>
  (
    listeners.find(({ purpose }) => purpose === 'sync') ??
    listeners.find(({ port }) => port === 9997) ??
    listeners.find(({ name }) => name === SYNC_PORT)
  )?.name

function chainOf(
  { name, source, chain, standing, revocation, resets }: StoredSetting,
  { trust }: FileConfig,
): readonly StoredEnrollmentSetting[] {
  if (standing.kind === 'removed') return []
  // The next start takes over what the file says, in a store of the version before.
  const written = trust.enrollmentSettings.find((one) => one.name === name)?.crl
  const stated = typeof revocation === 'string' ? undefined : { ...revocation, resets }
  const crl = revocation === 'unstated' ? written : stated
  return [{ name, source, chain, standing, crl }]
}

/** Reads every decision about single devices, as deltas that replace all that the overlay held before. */
export async function readDecisions(
  store: Store,
  revision: number,
  apply: ApplyDelta,
): Promise<Result<void, StoreFailure>> {
  // Gathered first: a store that fails halfway must not leave half a list in force.
  const deltas: OverlayDelta[] = [{ kind: 'begin', revision }]
  for (const approval of ['approved', 'blocked'] as const) {
    let after: string | undefined
    do {
      const page = await store.approvals.keys(approval, { after, limit: PAGE })
      if (!page.ok) return page
      deltas.push(approvalsDelta(revision, page.value.items))
      after = page.value.next
    } while (after !== undefined)
  }
  const ids = await readSignedIds(store, {
    revision,
    apply: (delta) => deltas.push(delta),
  })
  if (!ids.ok) return ids
  const settings = await store.enrollment.list()
  if (!settings.ok) return settings
  for (const { name, standing } of settings.value) {
    const read = await readKnown(store, { name, standing, revision }, (delta) => deltas.push(delta))
    if (!read.ok) return read
  }
  const denials = await store.denials.list()
  if (!denials.ok) return denials
  const entries = denials.value.map(({ denied }) => entryOf(denied, true))
  deltas.push({ kind: 'denied', revision, entries }, { kind: 'end', revision })
  for (const delta of deltas) apply(delta)
  return ok(undefined)
}

/** Reads what a preview begins with: the rules, the deny list and the signed ids of approved and blocked devices. */
export async function readStateFacts(
  store: Store,
  fileConfig: FileConfig,
): Promise<Result<StateFacts, StoreFailure>> {
  const rules = await readRules(store, fileConfig, 0)
  if (!rules.ok) return rules
  const overlay = new Overlay()
  // Whether a known device is approved stands in its row; a certificate with a signed id of another device, which was
  // refused and so never linked to it, is told by the id.
  const apply: ApplyDelta = (delta) => overlay.apply(delta)
  const ids = await readSignedIds(store, { revision: 0, apply })
  if (!ids.ok) return ids
  const denials = await store.denials.list()
  if (!denials.ok) return denials
  const entries = denials.value.map(({ denied }) => entryOf(denied, true))
  overlay.apply({ kind: 'denied', revision: 0, entries })
  return ok({ rules: rules.value, overlay })
}

/** Signed ids that lead to devices with one approval. */
interface IdList {
  readonly approval: Approval
  readonly pageOf: (
    approvals: Store['approvals'],
    request: IdPageRequest,
  ) => ReturnType<Store['approvals']['signedIds']>
}

/** The blocked last: a block of an entry that never showed a key wins over any other device that has its id. */
const SIGNED_IDS: readonly IdList[] = [
  {
    approval: 'approved',
    pageOf: (approvals, request) => approvals.signedIds('approved', request),
  },
  { approval: 'blocked', pageOf: (approvals, request) => approvals.signedIds('blocked', request) },
  { approval: 'blocked', pageOf: (approvals, request) => approvals.blockedEntries(request) },
]

async function readSignedIds(
  { approvals }: Pick<Store, 'approvals'>,
  { revision, apply }: { readonly revision: number; readonly apply: ApplyDelta },
): Promise<Result<void, StoreFailure>> {
  for (const { approval, pageOf } of SIGNED_IDS) {
    let after: string | undefined
    do {
      const page = await pageOf(approvals, { after, limit: PAGE })
      if (!page.ok) return page
      const ids = page.value.map((id) => ({ id, approval }))
      if (ids.length > 0) apply(signedIdsDelta(revision, ids))
      after = page.value.length < PAGE ? undefined : page.value.at(-1)
    } while (after !== undefined)
  }
  return ok(undefined)
}

/** A setting whose cut-off asks which keys were seen before it retired. */
export interface CutOffQuery {
  readonly name: string
  readonly standing: StoredStanding
  readonly revision: number
}

/** The keys that a setting's cut-off knows; nothing for a setting that asks for none. */
export async function readKnown(
  store: Pick<Store, 'approvals'>,
  { name, standing, revision }: CutOffQuery,
  apply: ApplyDelta,
): Promise<Result<void, StoreFailure>> {
  if (standing.kind !== 'previously-trusted' || standing.cutOff !== 'known-devices') {
    return ok(undefined)
  }
  let after: KeyFingerprint | undefined
  do {
    const page = await store.approvals.knownKeys(name, standing.retiredAt, { after, limit: PAGE })
    if (!page.ok) return page
    apply(knownDelta(revision, name, page.value))
    after = page.value.length < PAGE ? undefined : page.value.at(-1)
  } while (after !== undefined)
  return ok(undefined)
}

/** What became of those entries of the deny list: `key:<key>` or `serial:<issuer key>:<serial>`. */
export async function readDenials(
  store: Pick<Store, 'denials'>,
  subjects: readonly string[],
  revision: number,
): Promise<Result<OverlayDelta, StoreFailure>> {
  const all = await store.denials.list()
  if (!all.ok) return all
  const there = new Set(all.value.map(({ denied }) => subjectOf(entryOf(denied, true))))
  const entries = subjects.map((subject): DenialDelta => {
    const [of = '', ...value] = subject.split(':')
    return {
      of: of === 'serial' ? 'serial' : 'key',
      value: value.join(':'),
      denied: there.has(subject),
    }
  })
  return ok({ kind: 'denied', revision, entries })
}

function entryOf(one: DenyTarget, denied: boolean): DenialDelta {
  const { kind: of, value } = denyColumns(one)
  return { of, value, denied }
}

const subjectOf = ({ of, value }: DenialDelta): string => `${of}:${value}`

/** As many as the store gives in one answer; some milliseconds of its thread. */
const PAGE = 1000
