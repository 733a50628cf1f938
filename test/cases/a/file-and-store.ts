/**
 * A3: a file that says another thing than the store. A stricter word refuses a reload and holds at a start; a laxer one
 * is named and has no effect; none of them is passed over in silence.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fleet } from '../../support/front-ends/product.ts'
import { withControl, type Scene } from '../case.ts'
import { frontEnd, type FrontEnd, type FrontEndOptions } from '../front-end.ts'

const FLEET = "{ name: Fleet, standing: current, chain: 'file:fleet.pem' }"
const old = (standing: string): string =>
  `{ name: Old Fleet, standing: ${standing}, chain: 'file:previous.pem' }`
const OLD = old('previously-trusted, retiredAt: 2100-01-01')
const ENDED = old('previously-trusted, retiredAt: 2100-01-01, sunset: 2101-01-01')

/** Says what the command of a difference is, and nothing where none is named. */
const commandIn = (text: string): string => /`(tfe [a-z]+ [a-z]+)/u.exec(text)?.[1] ?? 'nothing'

const options = (store: string, settings: readonly string[], more = {}): FrontEndOptions => ({
  store,
  yaml: {
    trust: `\n  enrollmentSettings:\n${settings.map((one) => `    - ${one}\n`).join('')}`,
    ...more,
  },
})

interface Stricter {
  readonly what: string
  readonly settings: readonly string[]
  readonly names: string
  readonly start: string
}

const STRICTER: readonly Stricter[] = [
  {
    what: 'distrusts a CA',
    settings: [FLEET, old('distrusted')],
    names: 'tfe ca distrust',
    start: '403 distrusted, with an alarm',
  },
  {
    what: 'has removed a CA',
    settings: [FLEET, old('removed')],
    names: 'tfe ca remove',
    start: '403 untrusted-issuer, with an alarm',
  },
  {
    what: 'has left a CA out',
    settings: [FLEET],
    names: 'tfe ca remove',
    start: '200 verified, with a warning',
  },
  {
    what: 'ends a CA on an earlier day',
    settings: [FLEET, old('previously-trusted, retiredAt: 2019-01-01, sunset: 2020-01-01')],
    names: 'tfe ca amend',
    start: '403 sunset, with an alarm',
  },
  {
    what: 'distrusts a CA under another name',
    settings: [FLEET, OLD, "{ name: Stolen, standing: distrusted, chain: 'file:previous.pem' }"],
    names: 'tfe ca distrust',
    start: '403 denied-issuer, with an alarm',
  },
]

/** The verdict before, what a reload comes to, the verdict after it, and the verdict after a start with that file. */
async function stricter(): Promise<readonly string[]> {
  const seen: string[] = []
  for (const { settings } of STRICTER) {
    using place = storePlace()
    const told: string[] = []
    {
      await using on = await frontEnd(options(place.store, [FLEET, OLD]))
      told.push(await on.verdict(fleet.old))
      const { kind, text } = await reloadOf(on, options(place.store, settings))
      told.push(`reload ${kind} naming ${commandIn(text)}`, await on.verdict(fleet.old))
    }
    await using on = await frontEnd(options(place.store, settings))
    told.push(`start ${await on.verdict(fleet.old)}`)
    told.push(noticeOf(on))
    seen.push(told.join(', '))
  }
  return seen
}

/** An alarm where the file's word holds, a warning where it has no effect. */
function noticeOf({ product: { lines } }: FrontEnd): string {
  if (lines.some(({ level }) => level === 'error')) return 'with an alarm'
  const isNamed = lines.some(({ level, msg }) => level === 'warn' && /Old Fleet/u.test(String(msg)))
  return isNamed ? 'with a warning' : 'in silence'
}

async function reloadOf(on: FrontEnd, next: FrontEndOptions) {
  const before = on.product.lines.length
  const kind = await on.reload(next)
  const text = on.product.lines
    .slice(before)
    .map((line) => JSON.stringify(line))
    .join('\n')
  return { kind, text }
}

/** What the store was told to say, and the file still says otherwise. */
const LAXER: readonly (readonly [
  what: string,
  change: (on: FrontEnd) => Promise<unknown>,
  names: string,
  verdict: string,
])[] = [
  [
    'still trusts a CA that the store distrusts',
    (on) => on.call('POST', '/api/enrollment-settings/Old%20Fleet/distrust'),
    'previously-trusted of Old Fleet',
    '403 distrusted',
  ],
  [
    'has a later sunset than the store',
    (on) =>
      on.call('PATCH', '/api/enrollment-settings/Old%20Fleet', { sunset: '2020-01-01T00:00:00Z' }),
    'sunset',
    '403 sunset',
  ],
  [
    'still names a CA that the store has removed',
    (on) => on.call('POST', '/api/enrollment-settings/Old%20Fleet/remove', { force: true }),
    'previously-trusted of Old Fleet',
    '403 untrusted-issuer',
  ],
]

async function laxer(isChanged: boolean): Promise<readonly string[]> {
  const seen: string[] = []
  for (const [, change, names] of LAXER) {
    using place = storePlace()
    await using on = await frontEnd(options(place.store, [FLEET, ENDED]))
    if (isChanged) await change(on)
    await on.inForce()
    const next = options(place.store, [FLEET, ENDED], { grace: ' 20d' })
    const { kind, text } = await reloadOf(on, next)
    const isNamed = text.includes(names) && text.includes('the store says')
    seen.push(`${kind}, ${isNamed ? 'named' : 'not named'}, ${await on.verdict(fleet.old)}`)
  }
  return seen
}

function storePlace() {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-cases-'))
  return {
    store: join(folder, 'tfe.sqlite'),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

export const FILE_AND_STORE: readonly Scene[] = [
  {
    cases: STRICTER.map(({ what, names, start }) => ({
      id: 'A3',
      what: `a file that ${what} refuses a reload, and is told at a start`,
      expected: `200 verified, reload refused naming ${names}, 200 verified, start ${start}`,
    })),
    play: async () => (await stricter()).map((seen) => ({ seen })),
  },
  {
    cases: LAXER.map(([what, , , verdict]) => ({
      id: 'A3',
      what: `a file that ${what} is applied and named, and admits no device`,
      expected: `applied, named, ${verdict}`,
      control: 'applied, not named, 200 verified',
    })),
    play: () => withControl(laxer),
  },
]
