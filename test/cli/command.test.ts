import { expect, test } from 'vitest'
import type { TfeCommand } from '../../src/cli/command.ts'
import { tfe, program } from '../support/cli/run-command.ts'

/** What is used wrongly, and the sentence that says so. */
const MISUSES: readonly (readonly [promise: string, typed: string, said: string])[] = [
  ['an unknown command is named', 'frobnicate', "there is no command 'frobnicate'\n"],
  ['a mistyped command gets a suggestion', 'explian x', 'did you mean tfe explain?'],
  ['so does one in capitals', 'CHECK x', 'did you mean tfe check?'],
  ['so does one after help', 'help chek', 'did you mean tfe check?'],
  ['an option before any command is named', '--verson', 'did you mean --version?'],
  ['a mistyped option gets a suggestion', 'serve --confg x', 'did you mean --config?'],
  ['an unknown option without a likeness gets none', 'serve --xyz', "unknown option '--xyz'\n"],
  ['an unknown short option is named', 'serve -c x', "unknown option '-c'"],
  ['an option of another command is unknown here', 'check x --route', "unknown option '--route'"],
  ['what is needed is asked for', 'serve', 'tfe serve needs FILE, or --config FILE'],
  ['a missing argument is asked for', 'check', 'tfe check needs FILE'],
  [
    'so is the certificate of explain',
    'explain --config x',
    'found nothing to explain, wanted CERT.pem, --device DEVICE or --reference REFERENCE',
  ],
  ['so is an option', 'break-glass x', "required option '--reason <TEXT>' not specified"],
  ['so is what explain judges by', 'explain x', 'or add --config FILE, to judge by its store'],
  ['one argument too many is named', 'check a b', 'Expected 1 argument but got 2: a, b.'],
  [
    'an option without its value is noticed',
    'serve --config',
    "'--config <FILE>' argument missing",
  ],
  [
    'an option is no value of another',
    'explain x --config --json',
    "'--config <FILE>' argument missing",
  ],
  ['an option given twice is not guessed at', 'serve --config a --config b', '--config twice'],
  ['so is a switch', 'demo --json --json', '--json twice'],
  ['FILE and --config are one thing', 'check a --config b', 'name the configuration once'],
  ['a switch takes no value', 'demo --json=yes', "unknown option '--json=yes'"],
  ['a value outside a closed list is named', 'headers x --format ngix', 'did you mean nginx?'],
  ['a port is a number', 'demo --port https', 'wanted a number from 1 to 65535'],
  ['port 0 is none to print in a line to paste', 'demo --port 0', 'from 1 to 65535'],
  ['a port ends at 65535', 'demo --port 65536', 'from 1 to 65535'],
  ['headers wants a format or a configuration', 'headers x', 'tfe headers needs --format'],
]

for (const [promise, typed, said] of MISUSES) {
  test(`${promise}: tfe ${typed}`, async () => {
    const { code, out, err } = await tfe(typed.split(' '))
    expect(code).toBe(2)
    expect(out).toBe('')
    expect(err).toContain(said)
    expect(err).toMatch(/see: tfe help/)
  })
}

test('where the configuration is the only argument, it may come with --config or without', async () => {
  for (const name of [
    'serve',
    'init',
    'check',
    'break-glass --reason x',
    'upgrade --dry-run',
    'keys list',
    'keys new',
  ]) {
    const [bare, option] = await Promise.all([
      tfe(`${name} /nowhere.yaml`.split(' ')),
      tfe(`${name} --config /nowhere.yaml`.split(' ')),
    ])
    expect(bare.code).not.toBe(2)
    expect(option).toEqual(bare)
  }
})

test('a value may begin with a dash behind an equals sign', async () => {
  expect((await tfe(['demo', '--dir=-x'])).out).toBe('(demonstrates {"dir":"-x"})')
})

test('what was typed cannot move the cursor of the reader of the answer', async () => {
  const { err } = await tfe(['\u001B[2Jx'])
  expect(err).not.toContain('\u001B')
})

test('an option may come before the argument, and with an equals sign', async () => {
  expect((await tfe(['serve', '--config=a.yaml'])).out).toBe('(serves a.yaml)')
})

test('the demonstration is handed what was chosen, and nothing else', async () => {
  const { out, code } = await tfe(['demo', '--port', '1', '--upstream-port=65535', '--dir', 'x'])
  expect(code).toBe(0)
  expect(out).toBe('(demonstrates {"dir":"x","port":"1","upstream-port":"65535"})')
})

test('the version is one line', async () => {
  expect(await tfe(['--version'])).toEqual({ code: 0, out: 'tfe 1.2.3\n', err: '' })
})

test('nothing typed is a question, answered like --help', async () => {
  const asked = await tfe(['--help'])
  expect(await tfe([])).toEqual(asked)
  expect(await tfe(['help'])).toEqual(asked)
  expect(asked).toMatchObject({ code: 0, err: '' })
})

/** Every command and action. */
const commands = (command: TfeCommand): readonly TfeCommand[] => [
  command,
  ...command.names().flatMap((name) => commands(command.find([name]))),
]

test('the overview names every command and every exit code', async () => {
  const { out } = await tfe(['--help'])
  for (const name of program().names())
    expect(out).toMatch(new RegExp(`^  ${name}\\b.* {2}\\S`, 'm'))
  for (const code of [0, 1, 2, 3, 70]) expect(out).toMatch(new RegExp(`^  ${code} +\\S`, 'm'))
})

for (const command of commands(program())) {
  const path = command.path().split(' ').slice(1)
  const names = command.names()
  test(`the page of ${command.path()} names its arguments, options and actions, in 80 columns`, async () => {
    const { out, code, err } = await tfe(['help', ...path])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    for (const it of command.registeredArguments) {
      expect(out).toMatch(new RegExp(`^  ${it.name()} +\\S`, 'm'))
    }
    for (const name of names) expect(out).toMatch(new RegExp(`^  ${name}\\b.* {2}\\S`, 'm'))
    const listed = [...out.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)(?: <[A-Z:]+>)? +\S/gmu)]
    expect(new Set(listed.map(([, long]) => long))).toEqual(
      new Set(['--help', ...command.options.map((it) => it.long)]),
    )
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([])
    expect(await tfe([...path, '--help'])).toEqual({ out, code, err })
  })
}

const groups = commands(program()).filter((it) => it.names().length > 0 && it.parent !== null)

for (const group of groups) {
  test(`${group.path()} without an action is misuse that lists the actions`, async () => {
    const { out, code, err } = await tfe(group.path().split(' ').slice(1))
    expect({ out, code }).toEqual({ out: '', code: 2 })
    expect(err).toContain(`needs an action\nactions: ${group.names().join(', ')}\n`)
  })
}
