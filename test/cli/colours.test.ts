/** Colours: on a terminal only, and neither there where NO_COLOR is set. */
import { Readable, Writable } from 'node:stream'
import { WriteStream } from 'node:tty'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { run } from '../../src/cli/run.ts'
import { terminalOf } from '../../src/cli/terminal.ts'
import { openAdminApi, type TestAdminApi } from '../support/admin/admin-api.ts'
import { makeCurrent, sighting } from '../support/admin/sightings.ts'
import { mintLeaf } from '../support/certificates/mint.ts'
import { typed } from '../support/cli/call-admin.ts'
import {
  configurationFolder,
  current,
  type ConfigurationFolder,
} from '../support/cli/configuration-folder.ts'

let made: ConfigurationFolder
let adminApi: TestAdminApi

beforeAll(async () => {
  made = await configurationFolder()
  await made.write('device.pem', mintLeaf({ issuer: current, name: 'phone' }).pem + current.pem)
  adminApi = await openAdminApi()
  await makeCurrent(adminApi.store)
  await adminApi.store.sightings.record([sighting('1')])
  // A draft that has a warning.
  await typed(adminApi, 'upstream-tls draft core --mode custom --protocols TLSv1.3,TLSv1.2')
})
afterAll(async () => {
  await made[Symbol.asyncDispose]()
  await adminApi[Symbol.asyncDispose]()
})
afterEach(() => {
  vi.unstubAllEnvs()
})

/** A stream that keeps what is written; a terminal answers for its colours as Node's own does. */
function stream(isTTY: boolean, written: string[]): NodeJS.WriteStream {
  const kept = new Writable({
    write(chunk: Buffer, _, done) {
      written.push(chunk.toString())
      done()
    },
  })
  // Node's own answer, which heeds the environment.
  const getColorDepth = (): number => WriteStream.prototype.getColorDepth()
  const facts = isTTY ? { isTTY, columns: 100, getColorDepth } : { isTTY }
  return Object.assign(kept, facts) as unknown as NodeJS.WriteStream
}

async function shown(line: string, isTTY: boolean, env: Readonly<Record<string, string>>) {
  for (const name of ['NO_COLOR', 'FORCE_COLOR', 'NODE_DISABLE_COLORS', 'CI']) {
    vi.stubEnv(name, env[name])
  }
  vi.stubEnv('TERM', 'xterm-256color')
  const written: string[] = []
  const [stdout, stderr] = [stream(isTTY, written), stream(isTTY, written)]
  const stdin = Object.assign(Readable.from([]), {
    isTTY: false,
  }) as unknown as typeof process.stdin
  const terminal = terminalOf({
    env: process.env,
    platform: 'linux',
    stdin,
    stdout,
    stderr,
  } as unknown as NodeJS.Process)
  const access = {
    TFE_ADMIN_URL: adminApi.url,
    TFE_ADMIN_TOKEN: await adminApi.tokenOf('administrator'),
  }
  const words = line.split(' ').map((word) => word.replace('@', `${made.folder}/`))
  const never = () => Promise.resolve(0 as const)
  await run(
    words,
    { terminal, env: access, stdin },
    { version: '1.2.3', serve: never, demo: never },
  )
  return written.join('')
}

/** One line of each family; whether it is coloured at all. */
const LINES: readonly (readonly [line: string, coloured: boolean])[] = [
  ['help', true],
  ['help devices list', true],
  ['check @tfe.yaml', true],
  ['check @missing.yaml', true],
  ['explain @device.pem --config @tfe.yaml --offline', true],
  ['upstream catalogue', true],
  ['headers --list', false],
  ['init @missing.yaml', false],
  ['keys list @tfe.yaml', false],
  ['devices list', false],
  ['ca list', false],
  ['audit', false],
  ['refusals', false],
  ['why abcd', false],
  ['enforce status', false],
  ['approval status', false],
  ['agents list', false],
  ['queries list', false],
  ['secrets list', false],
  ['upstream-tls list', false],
  ['upstream-tls show core', true],
  ['upstream errors', false],
  ['status', false],
  ['reload', false],
  ['export @tfe.yaml', false],
  ['backup @tfe.yaml', false],
  ['admin list', false],
  ['keys status', false],
  ['token list', false],
  ['oauth status', false],
  ['port status', false],
  ['deny list', false],
  ['chek', false],
]

for (const [line, coloured] of LINES) {
  test(`nothing is coloured where NO_COLOR is set, on a terminal either: tfe ${line}`, async () => {
    const text = await shown(line, true, { NO_COLOR: '1' })
    expect(text).not.toBe('')
    expect(text).not.toContain('\u001B')
  })
  test(`nothing is coloured that is piped: tfe ${line}`, async () => {
    expect(await shown(line, false, {})).not.toContain('\u001B')
  })
  if (!coloured) continue
  test(`on a terminal it is coloured, and with FORCE_COLOR where it is piped: tfe ${line}`, async () => {
    expect(await shown(line, true, {})).toContain('\u001B')
    expect(await shown(line, false, { FORCE_COLOR: '1' })).toContain('\u001B')
  })
}
