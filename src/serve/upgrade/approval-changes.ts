/**
 * Which rows ask for approval that did not in the version before, and the other way round (decision 32): both rules are asked
 * about each row, from inside and from outside.
 */
import type { Config } from '../../config/config.ts'
import type { Listener } from '../../config/listener/types.ts'
import type { RouteRow } from '../../config/routes/types.ts'
import { approvalDemand, type Origin } from '../../decide/judge-approval.ts'
import type { RuleChange, TouchedThing } from './rule-change.ts'

/** A device that is not approved, and was judged fit otherwise when it came last. */
export interface UnapprovedDevice {
  readonly device: string
  readonly name: string | undefined
}

/** What is in force, and who is not approved. */
export interface ApprovalChangeFacts {
  readonly config: Config
  readonly unapproved: readonly UnapprovedDevice[]
}

/** Names the rows, and the devices that are kept from them. */
export function approvalChanges({ config, unapproved }: ApprovalChangeFacts): RuleChange {
  const rows = config.listeners.flatMap((listener) =>
    listener.routes.rows.flatMap((row) => touchedRow(config, listener, row)),
  )
  const isNarrower = rows.some(({ after }) => after.includes(REFUSED))
  return {
    code: 'approval-rule',
    sentence:
      'approval is asked for on rows that hand out what a device has, by the marks of the presets too, and while certificates are only recorded of all that comes from outside; `auto` approves every fit device',
    next: 'approve them with `tfe devices approve`, or write `sensitive: false` on a row that is not meant',
    needsDecision: rows.length > 0,
    touched: [
      ...rows,
      ...(isNarrower ? unapproved : []).map(({ device, name }) => ({
        kind: 'device' as const,
        name: device,
        label: name,
        before: 'served on those rows without an approval',
        after: `${REFUSED} there`,
      })),
    ],
  }
}

const REFUSED = 'refused as unapproved'

function touchedRow(config: Config, listener: Listener, row: RouteRow): readonly TouchedThing[] {
  const held = originsOf(listener, config.approval).map((origin) => ({
    origin,
    before: wasHeld(config, row, origin),
    now: approvalDemand(
      { route: row.class, sensitive: row.sensitive, origin },
      { enforcement: config.enforcement, fleet: { model: config.approval.model } },
    ),
  }))
  const asked = held.filter(({ before, now }) => !before && now !== undefined)
  const freed = held.filter(({ before, now }) => before && now === undefined)
  const named = (found: readonly { readonly origin: Origin }[], before: string, after: string) =>
    found.length === 0
      ? []
      : [
          {
            kind: 'route' as const,
            name: `${listener.name}: ${row.id}`,
            before,
            after: `${after}, ${found.length === held.length ? 'from everywhere' : whence(found)}`,
          },
        ]
  return [
    ...named(asked, 'devices without an approval were served', `they are ${REFUSED}`),
    ...named(freed, 'some devices were refused as unapproved', 'approval is not asked for'),
  ]
}

const whence = (found: readonly { readonly origin: Origin }[]): string =>
  found.map(({ origin }) => (origin === 'external' ? 'from outside' : 'from inside')).join(', ')

/** From where devices can come to a listener. */
function originsOf(
  { exposure }: Pick<Listener, 'exposure'>,
  { internalNetworks, externalNetworks }: Config['approval'],
): readonly Origin[] {
  if (exposure === 'external') return ['external']
  if (exposure === 'internal') return externalNetworks.length === 0 ? ['internal'] : BOTH
  return internalNetworks.length === 0 ? ['external'] : BOTH
}

const BOTH: readonly Origin[] = ['internal', 'external']

/**
 * The rule of the version before: rows that the operator had marked, whatever the presets say now. While certificates were
 * only recorded it refused on rows of class `always`, and under `manual-external` on the others too.
 */
function wasHeld(
  { enforcement, approval: { model } }: Pick<Config, 'approval' | 'enforcement'>,
  { class: kind, sensitive, isMarkedByPreset }: RouteRow,
  origin: Origin,
): boolean {
  if (!sensitive || isMarkedByPreset === true || model === 'off') return false
  if (model === 'manual-external') return origin === 'external'
  return enforcement === 'required' || kind === 'always'
}
