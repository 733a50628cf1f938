import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { checkLayers } from '../scripts/check-layers.ts'
import { FOLDER_LIMIT, MEDIAN_LIMIT, WHY } from '../scripts/layers/map.ts'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

test('src/ keeps every rule of its layers, and the check counts what it has seen', () => {
  const { faults, summary } = checkLayers(ROOT)
  expect(faults).toEqual([])
  expect(summary).toMatch(
    /^\d+ layers, \d+ modules, \d+ files, 0 circles, at most \d+ files in a folder \(.+\), median \d+ lines$/,
  )
})

interface Planted {
  readonly promise: string
  /** Path under src/ → text. */
  readonly files: Readonly<Record<string, string>>
  /** The whole list of faults, each without its reason. */
  readonly found: readonly string[]
  readonly why: keyof typeof WHY
}

const inDecide = (text: string): Readonly<Record<string, string>> => ({ 'decide/a.ts': text })

const planted: readonly Planted[] = [
  {
    promise: 'a module never imports a higher layer',
    files: { 'trust/a.ts': "import { b } from '../decide/b.ts'\n" },
    found: ['src/trust/a.ts:1:19: trust (layer 2) imports decide (layer 3)'],
    why: 'upward',
  },
  {
    promise: 'an imported type counts as an import',
    files: { 'kernel/a.ts': "// up\nimport type { B } from '../state/b.ts'\n" },
    found: ['src/kernel/a.ts:2:24: kernel (layer 0) imports state (layer 7)'],
    why: 'upward',
  },
  {
    promise: 'an import type in the middle of a type counts as an import',
    files: { 'kernel/a.ts': "export type A = import('../x509/b.ts').B\n" },
    found: ['src/kernel/a.ts:1:24: kernel (layer 0) imports x509 (layer 1)'],
    why: 'upward',
  },
  {
    promise: 'a re-export counts as an import',
    files: { 'config/a.ts': "const a = 1\nexport { b } from '../pipeline/pipeline.ts'\n" },
    found: ['src/config/a.ts:2:19: config (layer 6) imports pipeline (layer 8)'],
    why: 'upward',
  },
  {
    promise: 'a dynamic import counts as an import',
    files: { 'state/a.ts': "export const a = () => import('../serve/b.ts')\n" },
    found: ['src/state/a.ts:1:31: state (layer 7) imports serve (layer 9)'],
    why: 'upward',
  },
  {
    promise: 'a side-effect import counts as an import',
    files: { 'record/a.ts': "import '../state/b.ts'\n" },
    found: ['src/record/a.ts:1:8: record (layer 5) imports state (layer 7)'],
    why: 'upward',
  },
  {
    promise: 'modules of one layer never import each other',
    files: { 'forward/a.ts': "import { b } from '../record/b.ts'\n" },
    found: ['src/forward/a.ts:1:19: forward (layer 5) imports record (layer 5)'],
    why: 'sameLayer',
  },
  {
    promise: 'a computed import is refused because it cannot be checked',
    files: { 'main.ts': 'export const a = (b: string) => import(b)\n' },
    found: ['src/main.ts:1:40: a computed import'],
    why: 'unstated',
  },
  {
    promise: 'nothing depends on a file beside src',
    files: { 'main.ts': "import { a } from '../test/support/mint.ts'\n" },
    found: ["src/main.ts:1:19: '../test/support/mint.ts' leaves src/"],
    why: 'outside',
  },
  {
    promise: 'a file beside the modules is refused',
    files: { 'proxy.ts': 'export const a = 1\n' },
    found: ['src/proxy.ts:1:1: in no known module'],
    why: 'unknownModule',
  },
  {
    promise: 'a folder that the map does not know is refused',
    files: { 'engine/a.ts': 'export const a = 1\n' },
    found: ['src/engine/a.ts:1:1: in no known module'],
    why: 'unknownModule',
  },
  {
    promise: 'main is a file and has no folder',
    files: { 'main/a.ts': 'export const a = 1\n' },
    found: ['src/main/a.ts:1:1: in no known module'],
    why: 'unknownModule',
  },
  {
    promise: 'a folder for everything is refused',
    files: { 'decide/helpers/a.ts': 'export const a = 1\n' },
    found: ["src/decide/helpers/a.ts:1:1: 'helpers'"],
    why: 'collection',
  },
  {
    promise: 'a file for everything is refused, too',
    files: { 'forward/utils.ts': 'export const a = 1\n' },
    found: ["src/forward/utils.ts:1:1: 'utils'"],
    why: 'collection',
  },
  {
    promise: 'a barrel is refused by its name',
    files: { 'trust/index.ts': 'export const a = 1\n' },
    found: ["src/trust/index.ts:1:1: 'index.ts'"],
    why: 'barrel',
  },
  {
    promise: 'a barrel is refused by what it does',
    files: { 'trust/all.ts': "export * from './a.ts'\nexport type { B } from './b.ts'\n" },
    found: ['src/trust/all.ts:1:1: nothing but re-exports'],
    why: 'barrel',
  },
  {
    promise: 'a name in camel case is refused',
    files: { 'trust/pathBuilder.ts': 'export const a = 1\n' },
    found: ["src/trust/pathBuilder.ts:1:1: 'pathBuilder'"],
    why: 'name',
  },
  {
    promise: 'files that import each other are refused',
    files: {
      'decide/a.ts': "import { b } from './b.ts'\nexport const a = b\n",
      'decide/b.ts': "import { a } from './a.ts'\nexport const b = a\n",
    },
    found: ['src/decide/a.ts:1:1: src/decide/a.ts ↔ src/decide/b.ts'],
    why: 'circle',
  },
  {
    promise: 'a circle of types inside a module is refused, however long',
    files: {
      'store/engine/a.ts': "import type { B } from './b.ts'\nexport type A = B\n",
      'store/engine/b.ts': "export type B = import('./c.ts').C\n",
      'store/engine/c.ts': "export type { A as C } from './a.ts'\nexport const c = 1\n",
    },
    found: [
      'src/store/engine/a.ts:1:1: src/store/engine/a.ts ↔ src/store/engine/b.ts ↔ src/store/engine/c.ts',
    ],
    why: 'circle',
  },
  {
    promise: 'sub-folders of a module that import each other are refused, types included',
    files: {
      'store/engine/a.ts': "import type { B } from '../devices/b.ts'\nexport type A = B\n",
      'store/devices/b.ts': 'export type B = 1\n',
      'store/devices/c.ts': "import type { D } from '../engine/d.ts'\nexport type C = D\n",
      'store/engine/d.ts': 'export type D = 1\n',
    },
    found: ['src/store/devices:1:1: src/store/devices ↔ src/store/engine'],
    why: 'subCircle',
  },
  {
    promise: 'the first file too many in a folder is refused',
    files: Object.fromEntries(
      Array.from({ length: FOLDER_LIMIT + 1 }, (_, n) => [`state/a${n}.ts`, 'export {}\n']),
    ),
    found: [`src/state:1:1: ${FOLDER_LIMIT + 1} files`],
    why: 'crowded',
  },
  {
    promise: 'a median above the limit is refused',
    files: { 'state/a.ts': '// a line\n'.repeat(MEDIAN_LIMIT + 1) },
    found: [`src:1:1: median ${MEDIAN_LIMIT + 1} lines`],
    why: 'long',
  },
  {
    promise: 'a package that production does not install is refused',
    files: { 'forward/a.ts': "import proxy from 'http-proxy'\n" },
    found: ["src/forward/a.ts:1:19: 'http-proxy'"],
    why: 'undeclared',
  },
  {
    promise: 'a dependency is imported by one module',
    files: {
      'forward/a.ts': "import { Pool } from 'undici'\n",
      'record/a.ts': "import { Pool } from 'undici/types'\n",
    },
    found: ["src/forward/a.ts, src/record/a.ts: all import 'undici'"],
    why: 'twoHomes',
  },
  {
    promise: "Node's opinion of a certificate is never read from the socket",
    files: { 'identify/a.ts': 'export const a = (socket: any) => socket.authorized\n' },
    found: ["src/identify/a.ts:1:35: reads 'authorized'"],
    why: 'authorized',
  },
  {
    promise: "Node's opinion is not read on the way out either, where only its error may be",
    files: {
      'forward/a.ts': 'export const a = (b: any) => b.authorized ?? b.authorizationError\n',
    },
    found: ["src/forward/a.ts:1:30: reads 'authorized'"],
    why: 'authorized',
  },
  {
    promise: "Node's opinion is never read by its text",
    files: { 'identify/a.ts': "export const a = (socket: any) => socket?.['authorized']\n" },
    found: ["src/identify/a.ts:1:35: reads 'authorized'"],
    why: 'authorized',
  },
  {
    promise: "Node's opinion is never unpacked",
    files: { 'main.ts': 'export const a = ({ authorizationError: why }: any) => why\n' },
    found: ["src/main.ts:1:21: reads 'authorizationError'"],
    why: 'authorized',
  },
  ...[
    [
      'no file is read',
      "import { readFileSync } from 'node:fs'",
      '1:30',
      "decide imports 'node:fs'",
    ],
    [
      'no socket is typed',
      "import type { Socket } from 'node:net'",
      '1:29',
      "decide imports 'node:net'",
    ],
    ['no short name hides a module', "import fs from 'fs'", '1:16', "decide imports 'fs'"],
    ['no package is used', "import { pino } from 'pino'", '1:22', "decide imports 'pino'"],
    ['no clock is read', 'export const a = Date.now()', '1:18', 'the clock of Date'],
    ['no present is built', 'export const a = new Date()', '1:22', 'the clock of Date'],
    [
      'no present is spread',
      'export const a = (...b: []) => new Date(...b)',
      '1:36',
      'the clock of Date',
    ],
    ['no clock is handed on', 'export const { now } = Date', '1:24', 'the clock of Date'],
    ['no stopwatch is read', 'export const a = performance.now()', '1:18', 'performance'],
    ['no dice are thrown', 'export const a = Math.random()', '1:18', 'Math.random'],
    ['no dice are unpacked', 'export const { random } = Math', '1:27', 'Math.random'],
    ['no web crypto throws dice', 'export const a = crypto.randomUUID()', '1:18', 'crypto'],
    ['no environment is read', 'export const a = process.env.HOME', '1:18', 'process'],
    ['no type leans on the environment', 'export type A = typeof process', '1:24', 'process'],
    [
      'no door to every global is opened',
      "export const a = globalThis['fetch']",
      '1:18',
      'globalThis',
    ],
    ['no address is fetched', "export const a = fetch('/')", '1:18', 'fetch'],
    ['no line is logged', "console.log('a')", '1:1', 'console'],
    ['no timer is set', 'setTimeout(() => {}, 1)', '1:1', 'setTimeout'],
    ['no place of its own is known', 'export const a = import.meta.url', '1:18', 'import.meta'],
    ['no shorthand smuggles the world', 'export const a = { fetch }', '1:20', 'fetch'],
  ].map(([promise = '', text = '', at = '', found = '']): Planted => ({
    promise: `in a pure module ${promise}`,
    files: inDecide(`${text}\n`),
    found: [`src/decide/a.ts:${at}: ${found}`],
    why: 'impure',
  })),
  {
    promise:
      'the random functions of node:crypto stay out of a pure module that may use its arithmetic',
    files: { 'x509/a.ts': "import { createHash, randomBytes as b } from 'node:crypto'\n" },
    found: ['src/x509/a.ts:1:46: node:crypto randomBytes'],
    why: 'impure',
  },
  {
    promise:
      'beside the file that loads llhttp, the parser of HTTP/1.1 loads nothing and reads no clock',
    files: {
      'http1/llhttp.ts':
        "import { createRequire } from 'node:module'\nexport const a = createRequire(import.meta.url)\n",
      'http1/parser.ts':
        "import { createRequire } from 'node:module'\nexport const a = [createRequire, Date.now()]\n",
    },
    found: [
      "src/http1/parser.ts:1:31: http1 imports 'node:module'",
      'src/http1/parser.ts:2:34: the clock of Date',
    ],
    why: 'impure',
  },
  {
    promise: 'node:crypto is imported name by name, so that the dice can be seen',
    files: { 'message/a.ts': "import * as crypto from 'node:crypto'\n" },
    found: ['src/message/a.ts:1:25: node:crypto imported whole'],
    why: 'impure',
  },
]

for (const { promise, files, found, why } of planted) {
  test(promise, () => {
    expect(faultsOf(files)).toEqual(found.map((text) => `${text}; ${WHY[why]}`))
  })
}

const SOUND: Readonly<Record<string, string>> = {
  'imports go down, past layers': "import { a } from '../decide/a.ts'\n",
  'words in comments and strings are words':
    "// Date.now() process.env\nexport const a = 'fetch(x.authorized)'\n",
  'an instant may be shown':
    'export const a = (at: number): string => new Date(at).toISOString()\n',
  'a written date may be read': "export const a = Date.parse('2026-01-01') + Date.UTC(2026)\n",
  'arithmetic is no chance': 'export const a = Math.max(1, 2)\n',
  'an argument may be called process': 'export const a = (process: number) => process + 1\n',
  'a member may be called fetch': 'export const a = (b: { fetch(): void }) => b.fetch()\n',
  'a type may speak of dates': 'export const a = (b: unknown): b is Date => b instanceof Date\n',
  'a hash is arithmetic': "import { createHash } from 'node:crypto'\nexport const a = createHash\n",
}

for (const [promise, text] of Object.entries(SOUND)) {
  test(`no false alarm: ${promise}`, () => {
    expect(faultsOf({ 'message/a.ts': text })).toEqual([])
  })
}

test('the last allowed file of a folder and the last allowed line of the median are allowed', () => {
  const files = Array.from({ length: FOLDER_LIMIT }, (_, n): [string, string] => [
    `state/a${n}.ts`,
    '// a line\n'.repeat(MEDIAN_LIMIT),
  ])
  expect(faultsOf(Object.fromEntries(files))).toEqual([])
})

test('a chain of files that ends is no circle', () => {
  const files = {
    'store/a.ts': "import './engine/b.ts'\nimport './devices/c.ts'\n",
    'store/engine/b.ts': "import type { D } from '../d.ts'\nexport type B = D\n",
    'store/devices/c.ts': "import type { B } from '../engine/b.ts'\nexport type C = B\n",
    'store/d.ts': 'export type D = 1\n',
  }
  expect(faultsOf(files)).toEqual([])
})

test('the composition root may hold a dependency that has its home elsewhere', () => {
  const files = { 'record/a.ts': "import { pino } from 'pino'\n" }
  expect(faultsOf({ ...files, 'serve/a.ts': "import { pino } from 'pino'\n" })).toEqual([])
})

test('main imports cli, and cli imports serve', () => {
  const files = {
    'main.ts': "import './cli/a.ts'\n",
    'cli/a.ts': "import '../serve/b.ts'\n",
    'serve/b.ts': 'export {}\n',
  }
  expect(faultsOf(files)).toEqual([])
})

function faultsOf(files: Readonly<Record<string, string>>): readonly string[] {
  const root = mkdtempSync(join(tmpdir(), 'layers-'))
  try {
    writeFileSync(
      join(root, 'package.json'),
      JSON.stringify({ dependencies: { pino: '1', undici: '1' } }),
    )
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, 'src', path)), { recursive: true })
      writeFileSync(join(root, 'src', path), text)
    }
    return checkLayers(root).faults
  } finally {
    rmSync(root, { recursive: true })
  }
}
