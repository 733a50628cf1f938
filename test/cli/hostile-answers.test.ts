/** Whatever the admin API was told by strangers, no command lets it act on a terminal, in text or in JSON. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TfeCommand } from '../../src/cli/command.ts'
import { openAdminApi } from '../support/admin/admin-api.ts'
import {
  HIDDEN,
  openHostileApi,
  type ApiDocument,
  type HostileApi,
} from '../support/cli/hostile-api.ts'
import { program, tfe } from '../support/cli/run-command.ts'

let folder = ''
let api: HostileApi

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tfe-hostile-'))
  await writeFile(join(folder, 'file'), 'id,name\n1,a\n')
  await using adminApi = await openAdminApi()
  const response = await fetch(`${adminApi.url}/api/openapi.json`)
  api = await openHostileApi((await response.json()) as ApiDocument)
})
afterAll(async () => {
  await api[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

/** What is typed where a help page has this word; an argument that is none of these has to be added. */
const WORDS: Readonly<Record<string, string>> = {
  NAME: 'name',
  ID: 'id',
  FILE: '@file',
  KEY: 'none',
  DENIED: 'ab'.repeat(32),
  LABEL: 'label',
  TEMPLATE: 'CN=x',
  LIST: 'http://ca.example/list.crl',
  'CLASS=VERSION': 'ios-maw=10',
  TEXT: 'text',
  REFERENCE: 'abcd',
}

/** What a command needs beside what its help page demands. */
const MORE: Readonly<Record<string, string>> = {
  'ca amend': '--sunset never',
  'ca distrust': '--confirm',
  'crl add': '--failure soft-fail',
  'crl remove': '--confirm',
  'crl reset': '--confirm',
  'crl set': '--grace 1h',
  'devices links': '--undo --confirm',
  'devices silent': '--note x',
  'enforce require': '--phrase x',
  'enforce save': '--authentication on',
  explain: '--device id',
  'oauth disable-legacy': '--confirm --confirm',
  'queries save': '--text x',
  'upstream errors': '--clear',
  'upstream-tls apply': '--acknowledge custom-selection',
  'upstream-tls draft': '--strict on',
}

/** Every command that calls the admin API, by its option `--url`. */
const CALLING = leaves(program()).filter(([, { options }]) =>
  options.some(({ long }) => long === '--url'),
)

function leaves(command: TfeCommand, above = ''): readonly (readonly [string, TfeCommand])[] {
  return (command.commands as readonly TfeCommand[]).flatMap((one) => {
    const path = `${above} ${one.name()}`.trim()
    return one.commands.length > 0 ? leaves(one, path) : [[path, one] as const]
  })
}

function lineOf(path: string, { registeredArguments, options }: TfeCommand): string {
  const demanded = options
    .filter(({ mandatory }) => mandatory)
    .map(({ long, argChoices, flags, required }) =>
      // A switch has no value.
      required ? `${long} ${argChoices?.[0] ?? wordOf(flags)}` : `${long}`,
    )
  const taken = registeredArguments
    .filter(({ required }) => required)
    .map((it) => it.argChoices?.[0] ?? wordOf(it.name()))
  return [path, ...taken, ...demanded, MORE[path] ?? ''].join(' ').trim()
}

function wordOf(text: string): string {
  const name = /<(.*)>/u.exec(text)?.[1] ?? text
  const word = WORDS[name]
  if (word === undefined) throw new Error(`what is typed for ${name} has to be added to WORDS`)
  return word
}

test('each command that calls the admin API is tried', () => {
  expect(CALLING.length).toBeGreaterThan(60)
})

for (const [path, command] of CALLING) {
  for (const refuses of [false, true]) {
    for (const json of [false, true]) {
      const what = `${refuses ? 'a refusal of' : 'an answer to'} tfe ${path}${json ? ' --json' : ''}`
      test(`${what} shows nothing that acts on a terminal, and no line of a stranger`, async () => {
        api.refuses = refuses
        api.calls = 0
        const isNew = path === 'export' || path === 'backup'
        const line = lineOf(path, command).replace('@file', isNew ? '@new' : '@file')
        const words = line.split(' ').map((word) => word.replace('@', `${folder}/`))
        const env = { TFE_ADMIN_URL: api.url, TFE_ADMIN_TOKEN: 'tfe_x' }
        const argv = [...words, ...(json ? ['--json'] : [])]
        const { code, out, err } = await tfe(argv, env, undefined, 'a long enough password\n')
        await rm(join(folder, 'new'), { force: true })
        // It was typed as the command wants it, and it did call.
        expect(code, err).not.toBe(2)
        expect(api.calls).toBeGreaterThan(0)
        expect(out + err).not.toBe('')
        expect(out + err).not.toMatch(HIDDEN)
        expect(out + err).not.toMatch(/^FORGED/mu)
      })
    }
  }
}
