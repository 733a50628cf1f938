/** C10: what an administrator types, and what is answered. The control, where there is one, is the same said as it is meant. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tfe } from '../../support/cli/run-command.ts'
import { mintCa } from '../../support/certificates/mint.ts'
import { fleet } from '../../support/front-ends/product.ts'
import { frontEnd, type FrontEnd } from '../front-end.ts'
import type { Scene, Seen } from '../case.ts'

interface Row {
  readonly what: string
  readonly expected: string
  readonly control?: string
  play(served: FrontEnd, folder: string): Promise<Seen>
}

/** The first of these that stands in an answer. */
function found(
  { out, err }: { readonly out: string; readonly err: string },
  words: RegExp,
): string {
  const text = `${out}\n${err}`
  return words.exec(text)?.[0].replaceAll(/\s+/gu, ' ') ?? text.slice(0, 400)
}

const upload = (folder: string, name: string): readonly string[] => [
  'ca',
  'upload',
  name,
  join(folder, 'other.pem'),
]

const ROWS: readonly Row[] = [
  {
    what: 'the name of a setting that was removed, given again',
    expected: 'told as that of a removed setting',
    control: 'another name is taken',
    async play(served, folder) {
      await served.type(...upload(folder, 'Spare'))
      await served.type('ca', 'remove', 'Spare')
      const again = await served.type(...upload(folder, 'Spare'))
      const other = await served.type(...upload(folder, 'Spare 2'))
      const isTold = /the name Spare belongs to an enrollment setting that was removed/u.test(
        again.err,
      )
      return {
        seen: isTold ? 'told as that of a removed setting' : again.err.slice(0, 300),
        control: other.code === 0 ? 'another name is taken' : other.err.slice(0, 300),
      }
    },
  },
  {
    what: 'a sunset that is no day',
    expected: 'wanted a day such as 2026-03-01',
    control: 'a day is taken',
    async play(served) {
      const wrong = await served.type('ca', 'amend', 'Old Fleet', '--sunset', 'tomorrow')
      const right = await served.type('ca', 'amend', 'Old Fleet', '--sunset', '2101-06-01')
      return {
        seen: found(wrong, /wanted a day such as 2026-03-01/u),
        control: right.code === 0 ? 'a day is taken' : `${right.out}${right.err}`.slice(0, 300),
      }
    },
  },
  {
    what: '--confirm on each command whose page lists it',
    expected: 'no usage error',
    async play(served) {
      const commands = [
        ['ca', 'promote', 'x'],
        ['ca', 'amend', 'x', '--sunset', 'never'],
        ['ca', 'distrust', 'x'],
        ['crl', 'remove', 'x', 'y'],
        ['crl', 'reset', 'x'],
      ]
      const wrong: string[] = []
      for (const words of commands) {
        const { code, err } = await served.type(...words, '--confirm')
        if (code === 2) wrong.push(`${words.slice(0, 2).join(' ')}: ${err.split('\n')[0]}`)
      }
      return { seen: wrong.join('; ') || 'no usage error' }
    },
  },
  {
    what: 'a configuration that is named as FILE and by --config',
    expected: 'name the configuration once',
    control: 'either alone is taken',
    async play(_, folder) {
      const file = join(folder, 'tfe.yaml')
      const both = await tfe(['check', file, '--config', file])
      const codes = [
        (await tfe(['check', file])).code,
        (await tfe(['check', '--config', file])).code,
      ]
      return {
        seen: found(both, /name the configuration once/u),
        control: codes.every((code) => code === 0) ? 'either alone is taken' : codes.join(', '),
      }
    },
  },
  {
    what: 'a device by the first letters of its id',
    expected: 'shown',
    async play(served) {
      await served.status(fleet.device, '/device/x')
      const { id } = await served.known(fleet.device)
      const answer = await served.type('devices', 'show', id.slice(0, 8))
      return {
        seen: answer.out.includes(id) ? 'shown' : `${answer.out}${answer.err}`.slice(0, 300),
      }
    },
  },
  {
    what: 'the list of devices',
    expected: 'NAME, CN=device-1',
    async play(served) {
      const { out } = await served.type('devices', 'list')
      const isNamed = /\bNAME\b/u.test(out) && out.includes('CN=device-1')
      return { seen: isNamed ? 'NAME, CN=device-1' : out.slice(0, 400) }
    },
  },
  {
    what: 'what is said of one device',
    expected: 'no "1 devices"',
    async play(served) {
      const asked = [
        ['status'],
        ['devices', 'readiness'],
        ['enforce', 'status'],
        ['ca', 'show', 'Fleet'],
      ]
      const wrong: string[] = []
      for (const words of asked) {
        const { out, err } = await served.type(...words)
        if (/\b1 devices\b/u.test(out + err)) wrong.push(words.join(' '))
      }
      return { seen: wrong.length === 0 ? 'no "1 devices"' : wrong.join(', ') }
    },
  },
  {
    what: 'https typed where the admin API speaks http',
    expected: 'http is served there, not https',
    async play(served) {
      const url = `https://127.0.0.1:${served.product.adminPort}`
      const answer = await tfe(['status'], { TFE_ADMIN_URL: url, TFE_ADMIN_TOKEN: 'x' })
      return { seen: found(answer, /http is served there, not https/u) }
    },
  },
  {
    what: 'a name that is no name, as the API refuses it',
    expected: 'a sentence',
    async play(served) {
      const { body } = await served.call('POST', '/api/deny-list/keys', { key: 'nonsense' })
      const text = JSON.stringify(body)
      const raw = /must (?:match|be|NOT have)|"keyword"|\bpattern\b|\^\[/u.exec(text)?.[0]
      return { seen: raw === undefined ? 'a sentence' : text.slice(0, 300) }
    },
  },
]

export const COMMANDS: readonly Scene[] = [
  {
    cases: ROWS.map(({ what, expected, control }) => ({
      id: 'C10',
      what,
      expected,
      ...(control === undefined ? {} : { control }),
    })),
    async play() {
      await using served = await frontEnd()
      const { folder } = served.product
      writeFileSync(join(folder, 'other.pem'), mintCa({ name: 'Spare CA' }).pem)
      const seen: Seen[] = []
      for (const row of ROWS) seen.push(await row.play(served, folder))
      return seen
    },
  },
]
