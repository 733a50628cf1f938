/**
 * A3 and A7: `tfe config diff` names each difference between the file and what the store says, who says what is in force,
 * and the command that settles it; beside a front end that serves, and without one. The control is the file that the
 * store was made of.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CONFIRMATION_PHRASE } from '../../../src/fleet/enforcement.ts'
import { tfe } from '../../support/cli/run-command.ts'
import { fleet } from '../../support/front-ends/product.ts'
import { withControl, type Scene } from '../case.ts'
import { frontEnd, type FrontEnd, type FrontEndOptions } from '../front-end.ts'
import { requireCertificates } from './endpoints.ts'

const fleetCa = (standing: string): string =>
  `{ name: Fleet, standing: ${standing}, chain: 'file:fleet.pem' }`
const oldCa = (standing: string): string =>
  `{ name: Old Fleet, standing: ${standing}, chain: 'file:previous.pem' }`
const OLD = oldCa('previously-trusted, retiredAt: 2100-01-01')
const RETIRED = 'previously-trusted, retiredAt: 2019-01-01'

interface Written {
  readonly settings?: readonly string[]
  readonly enforcement?: string
}

interface Difference {
  readonly id: 'A3' | 'A7'
  readonly what: string
  /** What the store was made of, where it is not the usual. */
  readonly first?: Written
  /** What is written once the store is there. */
  readonly file?: Written
  /** What is changed in the store before. */
  readonly change?: (on: FrontEnd) => Promise<unknown>
  /** What a device of this CA meets then. */
  readonly leaf: typeof fleet.device
  readonly expected: string
  /** What its commands ask for besides; left out: to be confirmed. */
  readonly answer?: readonly string[]
}

const RECORDING: Written = { enforcement: 'recording' }

const settled = 'settled by it'

const DIFFERENCES: readonly Difference[] = [
  {
    id: 'A3',
    what: 'distrusted in the file and current in the store, and another CA that is current in the file alone',
    file: { settings: [fleetCa('distrusted'), oldCa('current')] },
    leaf: fleet.device,
    expected: `standing of Fleet, file in force, tfe ca distrust Fleet; standing of Old Fleet, store in force, tfe ca promote 'Old Fleet'; 403 distrusted; ${settled}`,
  },
  {
    id: 'A3',
    what: 'distrusted in the file and previously trusted in the store',
    file: { settings: [fleetCa('current'), oldCa('distrusted')] },
    leaf: fleet.old,
    expected: `standing of Old Fleet, file in force, tfe ca distrust 'Old Fleet'; 403 distrusted; ${settled}`,
  },
  {
    id: 'A3',
    what: 'removed in the file and previously trusted in the store',
    file: { settings: [fleetCa('current'), oldCa('removed')] },
    leaf: fleet.old,
    expected: `standing of Old Fleet, file in force, tfe ca remove 'Old Fleet'; 403 untrusted-issuer; ${settled}`,
    answer: [],
  },
  {
    id: 'A3',
    what: 'left out of the file and previously trusted in the store',
    file: { settings: [fleetCa('current')] },
    leaf: fleet.old,
    expected: `only-in-store of Old Fleet, store in force, tfe ca remove 'Old Fleet'; 200 verified; ${settled}`,
    answer: [],
  },
  {
    id: 'A3',
    what: 'with an earlier sunset in the file than in the store',
    first: { settings: [fleetCa('current'), oldCa(RETIRED)] },
    file: { settings: [fleetCa('current'), oldCa(`${RETIRED}, sunset: 2020-01-01`)] },
    leaf: fleet.old,
    expected: `sunset of Old Fleet, file in force, tfe ca amend 'Old Fleet' --sunset 2020-01-01T00:00:00.000Z; 403 sunset; ${settled}`,
  },
  {
    id: 'A3',
    what: 'with a sunset in the store alone',
    change: (on) =>
      on.call('PATCH', '/api/enrollment-settings/Old%20Fleet', { sunset: '2020-01-01T00:00:00Z' }),
    leaf: fleet.old,
    expected: `sunset of Old Fleet, store in force, tfe ca amend 'Old Fleet' --sunset never; 403 sunset; ${settled}`,
  },
  {
    id: 'A3',
    what: 'previously trusted in the file and distrusted in the store, which no command undoes',
    change: (on) => on.call('POST', '/api/enrollment-settings/Old%20Fleet/distrust'),
    leaf: fleet.old,
    expected:
      'standing of Old Fleet, store in force, no command; 403 distrusted; left: write standing: distrusted',
  },
  {
    id: 'A7',
    what: 'required in the file, where the store records',
    first: RECORDING,
    file: { enforcement: 'required' },
    leaf: fleet.unknown,
    expected: `enforcement of enforcement, file in force, tfe enforce require; 403 untrusted-issuer; ${settled}`,
    answer: ['--phrase', CONFIRMATION_PHRASE],
  },
  {
    id: 'A7',
    what: 'recording in the file, where the store requires certificates for good',
    first: RECORDING,
    change: requireCertificates,
    leaf: fleet.unknown,
    expected:
      'enforcement of enforcement, latch in force, no command; 403 untrusted-issuer; left: write enforcement: required, or take the line out',
  },
]

const CONTROL = 'no differences'

const optionsOf = (
  store: string,
  { settings = [fleetCa('current'), OLD], enforcement }: Written,
): FrontEndOptions => ({
  store,
  yaml: {
    ...(enforcement === undefined ? {} : { enforcement: ` ${enforcement}` }),
    trust: `\n  enrollmentSettings:\n${settings.map((one) => `    - ${one}\n`).join('')}`,
  },
})

interface Item {
  readonly kind: string
  readonly subject: string
  readonly in_force: string
  readonly commands: readonly string[]
  readonly text: string
}

/** What the command says to programs, beside the front end and by the file alone: it has to be the same. */
async function differences(on: FrontEnd): Promise<readonly Item[]> {
  const file = join(on.product.folder, 'tfe.yaml')
  const answers = [
    await on.type('config', 'diff', '--json'),
    await tfe(['config', 'diff', '--config', file, '--json']),
  ]
  const [served = [], alone = []] = answers.map(
    ({ out }) => (JSON.parse(out) as { readonly items: readonly Item[] }).items,
  )
  const codes = answers.map(({ code }) => code)
  const expected = served.length === 0 ? 0 : 1
  if (JSON.stringify(served) !== JSON.stringify(alone) || codes.some((code) => code !== expected)) {
    throw new Error(`two answers, exit ${codes.join(' and ')}: ${JSON.stringify([served, alone])}`)
  }
  return served
}

async function play(isChanged: boolean): Promise<readonly string[]> {
  const seen: string[] = []
  for (const one of DIFFERENCES) seen.push(await playOne(one, isChanged))
  return seen
}

async function playOne(
  { first = {}, file = first, change, leaf, answer = ['--confirm'] }: Difference,
  isChanged: boolean,
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-cases-'))
  const store = join(folder, 'tfe.sqlite')
  try {
    {
      await using made = await frontEnd(optionsOf(store, first))
      if (isChanged) await change?.(made)
      await made.inForce()
    }
    await using on = await frontEnd(optionsOf(store, isChanged ? file : first))
    const items = await differences(on)
    if (items.length === 0) return CONTROL
    const commands = items.flatMap((item) => item.commands)
    const lines = (await on.type('config', 'diff')).out.split('\n').map((line) => line.trim())
    const told = [
      ...items.map(inShort),
      ...commands.filter((command) => !lines.includes(command)).map((one) => `no line ${one}`),
      await on.verdict(leaf),
    ]
    for (const command of commands) {
      const { code, err } = await on.type(...wordsOf(command), ...answer)
      if (code !== 0) told.push(`${command}: ${err}`)
    }
    await on.inForce()
    const left = (await differences(on)).map(({ text }) => text.slice(text.lastIndexOf('; ') + 2))
    return [...told, left.length === 0 ? settled : `left: ${left.join(' and ')}`].join('; ')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const inShort = ({ kind, subject, in_force: inForce, commands }: Item): string =>
  `${kind} of ${subject}, ${inForce} in force, ${commands.length === 0 ? 'no command' : commands.join(' and ')}`

/** As a shell reads it, without the name of the program. */
const wordsOf = (command: string): readonly string[] =>
  [...command.matchAll(/'([^']*)'|\S+/gu)].map(([word, quoted]) => quoted ?? word).slice(1)

export const CONFIG_DIFF: readonly Scene[] = [
  {
    cases: DIFFERENCES.map(({ id, what, expected }) => ({
      id,
      what: `tfe config diff names what is ${what}`,
      expected,
      control: CONTROL,
    })),
    play: () => withControl(play),
  },
]
