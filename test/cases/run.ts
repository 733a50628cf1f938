/**
 * `npm run test:cases -- A`: plays the cases of a section against the product as it serves, and prints for each what was
 * expected, what was seen, and what the same attack comes to without the defence. A difference fails the run, and so
 * does an id without a case. `--only A4` plays the cases of one id, or those whose sentence has these words; then no other
 * id is missed.
 */
import process from 'node:process'
import { parseArgs } from 'node:util'
import { SECTION_A } from './a/all.ts'
import { SECTION_B } from './b/all.ts'
import { SECTION_C } from './c/all.ts'
import type { Case, Scene, Section, Seen } from './case.ts'

const SECTIONS: readonly Section[] = [SECTION_A, SECTION_B, SECTION_C]
/** Most of a scene is waiting until the store is written; more would be in each other's way on two cores. */
const AT_A_TIME = 5

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string' } },
})
const { only } = values
const say = (line: string): void => console.log(line)

// Stopping the run stops what it started.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

const section = SECTIONS.find(({ letter }) => letter === positionals[0]?.toUpperCase())
if (section === undefined) {
  const letters = SECTIONS.map(({ letter }) => letter).join(', ')
  console.error(`wanted the letter of a section (${letters}): npm run test:cases -- A`)
  process.exitCode = 2
} else {
  process.exitCode = (await runSection(section)) ? 0 : 1
}

interface Played {
  readonly it: Case
  readonly seen: Seen
  readonly isAsExpected: boolean
}

async function runSection({
  letter,
  title,
  ids,
  scenes,
  withoutPeers = {},
}: Section): Promise<boolean> {
  const began = performance.now()
  const chosen = scenes.filter(({ cases }) => cases.some(isChosen))
  say(`${letter}: ${title}\n`)
  const played = (await playAll(chosen)).toSorted(
    (one, other) => ids.indexOf(one.it.id) - ids.indexOf(other.it.id),
  )
  say('')
  for (const one of played) sayRow(one, withoutPeers[one.it.id])
  const withCase = new Set(scenes.flatMap(({ cases }) => cases.map(({ id }) => id)))
  const missing = only === undefined ? ids.filter((id) => !withCase.has(id)) : []
  const foreign = [...withCase].filter((id) => !ids.includes(id))
  const differing = played.filter(({ isAsExpected }) => !isAsExpected)
  say('')
  for (const id of missing) say(`✗ ${id} has no case`)
  for (const id of foreign) say(`✗ ${id} is no id of section ${letter}`)
  for (const { it } of differing) say(`✗ ${it.id} ${it.what}`)
  const ofIds = new Set(played.map(({ it }) => it.id)).size
  const controls = played.filter(({ it }) => it.control !== undefined).length
  say(
    `${played.length} cases of ${ofIds} ids, ${controls} with a control: ${differing.length} differ, ${missing.length} ids without a case; ${secondsSince(began)} s`,
  )
  return played.length > 0 && differing.length + missing.length + foreign.length === 0
}

function isChosen({ id, what }: Case): boolean {
  return only === undefined || id === only || what.includes(only)
}

async function playAll(scenes: readonly Scene[]): Promise<readonly Played[]> {
  const played: (readonly Played[])[] = []
  const next = async (waiting: Iterable<[number, Scene]>): Promise<void> => {
    for (const [at, scene] of waiting) {
      const start = performance.now()
      const seen = await playOne(scene)
      played[at] = scene.cases.map((it, row) => compared(it, seen[row] ?? { seen: 'nothing' }))
      for (const { it, isAsExpected } of played[at])
        say(`${isAsExpected ? '✓' : '✗'} ${it.id} ${it.what} (${secondsSince(start)} s)`)
    }
  }
  const [measured, others] = [true, false].map((is) =>
    [...scenes.entries()].filter(([, { isMeasured = false }]) => isMeasured === is),
  )
  const waiting = (others ?? []).values()
  await Promise.all(Array.from({ length: AT_A_TIME }, () => next(waiting)))
  await next(measured ?? [])
  return played.flat()
}

/** A case that cannot be played was not passed. */
async function playOne(scene: Scene): Promise<readonly Seen[]> {
  try {
    return await scene.play()
  } catch (error) {
    const why = (error instanceof Error ? error.message : String(error)).slice(0, 300)
    return scene.cases.map(() => ({ seen: `no end: ${why}` }))
  }
}

function compared(it: Case, seen: Seen): Played {
  return { it, seen, isAsExpected: seen.seen === it.expected && seen.control === it.control }
}

function sayRow({ it, seen, isAsExpected }: Played, withoutPeers: string | undefined): void {
  say(`${isAsExpected ? '✓' : '✗'} ${it.id.padEnd(3)}  ${it.what}`)
  say(`       expected  ${it.expected}`)
  say(`       seen      ${seen.seen}`)
  if (seen.measured !== undefined) say(`       measured  ${seen.measured}`)
  const isBeside = /nginx|HAProxy/u.test(seen.beside ?? '')
  const beside = [seen.beside, isBeside ? undefined : withoutPeers].filter(
    (one) => one !== undefined,
  )
  if (beside.length > 0) say(`       beside    ${beside.join('; ')}`)
  if (it.control === undefined && seen.control === undefined) return
  const isSame = it.control === seen.control
  const wanted = isSame ? '' : `, expected ${it.control ?? 'none'}`
  say(`       control   ${seen.control ?? 'none'}${wanted}`)
}

function secondsSince(start: number): string {
  return ((performance.now() - start) / 1000).toFixed(1)
}
