/** `tfe devices links`: what is linked to a device on refused evidence alone, and its undoing. */
import { countText } from '../../kernel/count-text.ts'
import { ok, type Result } from '../../kernel/types.ts'
import type { CommandResult } from '../command-environment.ts'
import type { ExitCode } from '../exit-code.ts'
import { formatTable, idCell } from '../table.ts'
import { queryOf, type CommandContext, type Page } from './command-context.ts'
import { confirmAll } from './confirm.ts'

interface Link {
  readonly device: string
  readonly name: string | null
  readonly approval: string
  readonly kind: 'key' | 'signed-id'
  readonly value: string
  readonly subject: string
  readonly code: string
}

interface Undone {
  readonly undone: readonly object[]
  readonly left: readonly object[]
}

/** Lists them and, with --undo, has their undoing confirmed. */
export async function links(context: CommandContext): Promise<CommandResult> {
  const found = await allLinks(context)
  if (!found.ok) return found.failure
  const items = found.value
  const heads = ['DEVICE', 'NAME', 'APPROVAL', 'LINK', 'VALUE', 'BY', 'REFUSED AS']
  const rows = items.map((it) => [
    idCell(it.device),
    it.name,
    it.approval,
    it.kind,
    it.kind === 'key' ? it.value.slice(0, 16) : it.value,
    it.subject,
    it.code,
  ])
  const table =
    items.length === 0
      ? ['no key or signed id is linked to a device by refused certificates alone']
      : formatTable(heads, rows, context.view)
  if (!context.options.has('undo') || items.length === 0) {
    return context.print({ items, next: null }, table)
  }
  context.printNotice(table)
  const may = await confirmAll(context, [
    `${countText(items.length, 'link')} will be undone: a client with such a key is a device of its own from its next request on, with no approval but one of its own. This cannot be taken back.`,
  ])
  return may === true ? await undo(context, items) : may
}

async function allLinks(context: CommandContext): Promise<Result<readonly Link[], ExitCode>> {
  const items: Link[] = []
  let after: string | null = null
  for (;;) {
    const query = new Map([
      ['evidence', 'refused'],
      ['limit', '1000'],
    ])
    if (after !== null) query.set('after', after)
    const page: Result<{ readonly body: Page<Link> }, ExitCode> = await context.get<Page<Link>>(
      `/api/devices/links${queryOf(query)}`,
    )
    if (!page.ok) return page
    items.push(...page.value.body.items)
    const { next } = page.value.body
    // An answer that leads back to itself would be asked for without end.
    if (next === null || next === after) return ok(items)
    after = next
  }
}

async function undo(context: CommandContext, items: readonly Link[]): Promise<CommandResult> {
  const total: { undone: object[]; left: object[] } = { undone: [], left: [] }
  for (let start = 0; start < items.length; start += MOST_IN_A_CALL) {
    const chunk = items.slice(start, start + MOST_IN_A_CALL)
    const named = chunk.map(({ device, kind, value }) => ({ device, kind, value }))
    const done = await context.request<Undone>({
      method: 'POST',
      path: '/api/devices/links/undo',
      body: { evidence: 'refused', links: named },
    })
    if (!done.ok) return done.failure
    total.undone.push(...done.value.body.undone)
    total.left.push(...done.value.body.left)
  }
  const { undone, left } = total
  return context.print(total, [
    `${countText(undone.length, 'link')} undone`,
    ...(left.length === 0
      ? []
      : [`${countText(left.length, 'link')} left: gone, or proven by other certificates by now`]),
  ])
}

/** As the API takes them. */
const MOST_IN_A_CALL = 1000
