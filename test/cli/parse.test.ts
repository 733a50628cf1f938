import { expect, test } from 'vitest'
import { CATALOGUE } from '../../src/cli/command-specs.ts'
import { tfe } from '../support/cli/run-command.ts'

/** What is used wrongly, and the sentence that says so. */
const MISUSES: readonly (readonly [promise: string, typed: string, said: string])[] = [
  ['an unknown command is named', 'frobnicate', "there is no command 'frobnicate'\n"],
  ['a mistyped command gets a suggestion', 'explian x', 'did you mean tfe explain?'],
  ['so does one in capitals', 'CHECK x', 'did you mean tfe check?'],
  ['so does one after help', 'help chek', 'did you mean tfe check?'],
  ['an option before any command is named', '--verson', 'did you mean --version?'],
  ['a mistyped option gets a suggestion', 'serve --confg x', 'did you mean --config?'],
  ['an unknown option without a likeness gets none', 'serve --xyz', "no option '--xyz'\n"],
  ['an unknown short option is named', 'serve -c x', "no option '-c'"],
  ['an option of another command is unknown here', 'check x --json', "no option '--json'"],
  ['what is needed is asked for', 'serve', 'tfe serve needs --config FILE'],
  ['a missing argument is asked for', 'check', 'tfe check needs FILE'],
  ['so is the certificate of explain', 'explain --config x', 'tfe explain needs CERT.pem'],
  ['one argument too many is named', 'check a b', "found 'b'"],
  ['an option without its value is noticed', 'serve --config', '--config without its FILE'],
  ['an option is no value of another', 'explain x --config --json', '--config without its FILE'],
  ['an option given twice is not guessed at', 'serve --config a --config b', '--config twice'],
  ['a switch takes no value', 'demo --json=yes', 'a value after --json'],
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

test('what was typed cannot move the cursor of whoever reads the answer', async () => {
  const { err } = await tfe(['\u001B[2Jx'])
  expect(err).not.toContain('\u001B')
})

test('an option may come before the argument, and with an equals sign', async () => {
  expect((await tfe(['serve', '--config=a.yaml'])).out).toBe('(serves a.yaml)')
})

test('the demonstration is handed what was chosen, and nothing else', async () => {
  const { out, code } = await tfe(['demo', '--port', '1', '--upstream-port=65535', '--dir', 'x'])
  expect(code).toBe(0)
  expect(out).toBe('(demonstrates {"folder":"x","port":1,"upstreamPort":65535,"json":false})')
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

test('the overview names every command and every exit code', async () => {
  const { out } = await tfe(['--help'])
  for (const name of Object.keys(CATALOGUE)) expect(out).toMatch(new RegExp(`^  ${name} +\\S`, 'm'))
  for (const code of [0, 1, 2, 3, 70]) expect(out).toMatch(new RegExp(`^  ${code} +\\S`, 'm'))
})

for (const [name, { options, takes }] of Object.entries(CATALOGUE)) {
  test(`the page of ${name} names each of its arguments and options`, async () => {
    const { out, code } = await tfe(['help', name])
    expect(code).toBe(0)
    for (const { name } of takes) expect(out).toMatch(new RegExp(`^  ${name} +\\S`, 'm'))
    for (const option of Object.keys(options)) {
      expect(out).toMatch(new RegExp(`^  --${option}(?: [A-Z]+)? +\\S`, 'm'))
    }
    expect(await tfe([name, '--help'])).toEqual(await tfe(['help', name]))
  })
}
