/**
 * Which stricter decisions of a store are lost when another state of it takes its place: what was denied, blocked, closed or
 * taken away since, and would count again or no more. Pure.
 */
import type { Decisions } from './decisions.ts'

/** One kind of decision that is lost, and what it is about. */
export interface Loss {
  readonly kind: LossKind
  /** Each in words, with its name first. */
  readonly items: readonly string[]
}

export type LossKind =
  | 'latch'
  | 'deny-entries'
  | 'blocks'
  | 'withdrawn-approvals'
  | 'standings'
  | 'closed-endpoints'
  | 'closed-ports'
  | 'administrators'
  | 'tokens'

/** Lists what is lost of `present` when `backup` takes its place at `now`; kinds of which nothing is lost are left out. */
export function lossesOf(present: Decisions, backup: Decisions, now: number): readonly Loss[] {
  const losses: readonly Loss[] = [
    {
      kind: 'latch',
      items:
        present.latch === 'required' && backup.latch !== 'required'
          ? ['certificates are required for good, and were not yet']
          : [],
    },
    {
      kind: 'deny-entries',
      items: [...present.denied].flatMap(([denied, note]) =>
        backup.denied.has(denied) ? [] : [named(denied, note)],
      ),
    },
    {
      kind: 'blocks',
      items: [...present.blocked].flatMap(([id, name]) =>
        backup.blocked.has(id) ? [] : [named(id, name)],
      ),
    },
    {
      kind: 'withdrawn-approvals',
      // Blocked ones have been named.
      items: [...backup.approved].filter(
        (id) => !present.approved.has(id) && !present.blocked.has(id),
      ),
    },
    {
      kind: 'standings',
      items: [...backup.standings].flatMap(([name, before]) => {
        const after = present.standings.get(name) ?? 'removed'
        return after === before ? [] : [`${name}: ${after} now, ${before} in the backup`]
      }),
    },
    { kind: 'closed-endpoints', items: reopened(present.endpoints, backup.endpoints, 'disabled') },
    { kind: 'closed-ports', items: reopened(present.ports, backup.ports, 'closed') },
    { kind: 'administrators', items: administrators(present, backup) },
    {
      kind: 'tokens',
      items: [...backup.tokens].flatMap(([id, { admin, label, expiresAt }]) =>
        present.tokens.has(id) || expiresAt <= now ? [] : [`${id} of ${admin} (${label})`],
      ),
    },
  ]
  return losses.filter(({ items }) => items.length > 0)
}

const named = (id: string, name: string): string => (name === '' ? id : `${id} (${name})`)

const reopened = (
  present: ReadonlyMap<string, string>,
  backup: ReadonlyMap<string, string>,
  closed: string,
): readonly string[] =>
  [...present].flatMap(([name, state]) =>
    state === closed && (backup.get(name) ?? closed) !== closed
      ? [`${name}: ${closed} now, ${backup.get(name) ?? ''} in the backup`]
      : [],
  )

/** Who could sign in again, could do more than now, or with what was replaced. */
function administrators(present: Decisions, backup: Decisions): readonly string[] {
  return [...backup.admins].flatMap(([name, before]) => {
    if (before.isDisabled) return []
    const after = present.admins.get(name)
    if (after === undefined) return [`${name}: removed since`]
    if (after.isDisabled) return [`${name}: disabled since`]
    if (RANK.indexOf(after.role) < RANK.indexOf(before.role))
      return [`${name}: ${after.role} now, ${before.role} in the backup`]
    return after.signIn === before.signIn ? [] : [`${name}: has another way to sign in since`]
  })
}

/** The weakest first. */
const RANK: readonly string[] = ['viewer', 'operator', 'administrator']
