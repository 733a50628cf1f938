/** Since when what decided a verdict is so, and by whom: the store knows, whichever process gave the verdict. */
import { ok, type Instant, type Result } from '../../kernel/types.ts'
import type { StoreFailure } from '../../store/failure.ts'
import type { Store } from '../../store/port.ts'
import { denyColumns } from '../../store/devices/denials.ts'
import type { ProcessFacts } from './in-force.ts'

/** When something became as it is, and who made it so. */
export interface Since {
  readonly at: Instant | undefined
  readonly by: string | undefined
}

/** What the store says of `ProcessFacts`. */
export interface StoreSince {
  readonly revision: number
  /** Of what the store says of enforcement; a word of the file has no time. */
  readonly enforcement: Since
  /** By the name of the setting. */
  readonly settings: ReadonlyMap<string, Since>
  /** Entries of its deny list that concern the certificate, by `key:<key>` and `serial:<issuer key>:<serial>`. */
  readonly denials: ReadonlyMap<string, Since & { readonly note: string }>
  readonly approval: Since | undefined
}

type ReadStore = Pick<
  Store,
  'audit' | 'denials' | 'devices' | 'enforcement' | 'enrollment' | 'feed'
>

/** Reads it. */
export async function readSince(
  store: ReadStore,
  { key, settings, denials: denied }: ProcessFacts,
): Promise<Result<StoreSince, StoreFailure>> {
  const revision = await store.feed.revision()
  if (!revision.ok) return revision
  const enforcement = await store.enforcement.current()
  if (!enforcement.ok) return enforcement
  const required = await store.audit.list({ action: 'enforcement.require', limit: 1 })
  if (!required.ok) return required
  const denials = await store.denials.named(denied.map(({ of: kind, value }) => ({ kind, value })))
  if (!denials.ok) return denials
  const standings = new Map<string, Since>()
  for (const { name } of settings) {
    const rows = await store.audit.list({ subject: name, limit: MAX_READ })
    if (!rows.ok) return rows
    const row = rows.value.items.find(({ action }) => STANDING_ACTIONS.has(action))
    if (row !== undefined) standings.set(name, { at: row.at, by: row.who })
  }
  const approval = key === undefined ? ok(undefined) : await approvalSince(store, key)
  if (!approval.ok) return approval
  const { state, since } = enforcement.value
  return ok({
    revision: revision.value,
    enforcement: {
      at: since,
      by: state === 'required' ? required.value.items[0]?.who : undefined,
    },
    settings: standings,
    denials: new Map(
      denials.value.map(({ denied, createdAt, createdBy, note }) => {
        const { kind, value } = denyColumns(denied)
        return [`${kind}:${value}`, { at: createdAt, by: createdBy, note }]
      }),
    ),
    approval: approval.value,
  })
}

async function approvalSince(
  store: Pick<Store, 'devices'>,
  key: string,
): Promise<Result<Since | undefined, StoreFailure>> {
  const listed = await store.devices.list({
    filter: { text: key },
    order: 'last-seen',
    limit: 1,
    minimums: [],
  })
  if (!listed.ok) return listed
  const [device] = listed.value.items
  return ok(device && { at: device.approvalAt, by: device.approvalBy })
}

/** A setting is changed seldom, and nearly every change is one of its standing. */
const MAX_READ = 100
const STANDING_ACTIONS: ReadonlySet<string> = new Set([
  'enrollment.distrust',
  'enrollment.promote',
  'enrollment.remove',
  'enrollment.retire',
  'enrollment.seed',
  'enrollment.stage',
])
