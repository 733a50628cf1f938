/**
 * Refuses a change that would have no effect, because a stricter word of the configuration file holds against it
 * (decision 30).
 */
import type { Instant } from '../../../kernel/types.ts'
import { heldWord, type HeldWord, type StandingInStore } from '../../../state/file-holds.ts'
import { isoText } from '../../../kernel/types.ts'
import type { AdminContext } from '../../context.ts'
import { refuse } from '../../refused.ts'
import { instantOf } from '../../times.ts'

type FileContext = Pick<AdminContext, 'frontEnd'>

/** Undefined where what the store would say afterwards is what would be in force. */
export function heldByFile(name: string, after: StandingInStore, { frontEnd }: FileContext) {
  const held = heldWord(name, after, frontEnd.fileTrust())
  if (held === undefined) return undefined
  return refuse({
    status: 409,
    code: 'held-by-configuration-file',
    detail: `the configuration file says ${wordOf(held)} of ${name} (${held.at}), which is stricter and holds: the change would have no effect`,
    nextStep: 'change that line of the file and reload it, then call again; nothing was changed',
  })
}

const wordOf = (held: HeldWord): string =>
  held.kind === 'sunset' ? `sunset: ${isoText(held.sunset)}` : `standing: ${held.kind}`

/** Of a retirement that is amended: a later sunset than the file's, or any change of what the file keeps out. */
export async function amendmentHeld(
  name: string,
  body: { readonly sunset?: string | null },
  { store, frontEnd }: AdminContext,
) {
  const found = await store.enrollment.find(name)
  if (!found.ok) return found
  const standing = found.value?.standing
  if (standing?.kind !== 'previously-trusted') return undefined
  const sunset: Instant | undefined =
    body.sunset === undefined ? standing.sunset : instantOf(body.sunset)
  const held = heldWord(name, { ...standing, sunset }, frontEnd.fileTrust())
  // Another cut-off counts beside a sunset that holds.
  if (held?.kind === 'sunset' && body.sunset === undefined) return undefined
  return heldByFile(name, { ...standing, sunset }, { frontEnd })
}
