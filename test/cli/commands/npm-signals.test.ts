/**
 * How a front end ends that npm started: the signal reaches npm, or its whole process group, once or several times.
 * `TFE_SIGNAL_RUNS=20 npm run test:only -- test/cli/commands/npm-signals.test.ts` plays each case twenty times.
 */
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { Device } from '../../support/devices/device.ts'
import { clientTls, fleet, productYaml, writeFiles } from '../../support/front-ends/product.ts'
import { LineLog } from '../../support/front-ends/serve-process.ts'
import { Program } from '../../support/programs/program.ts'
import { OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'

const ROOT = resolve(import.meta.dirname, '../../..')
const REQUEST = 'GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n'
const repeats = Number(process.env['TFE_SIGNAL_RUNS'] ?? 1) - 1

type Signalled = (npm: ChildProcess) => void

const toNpm =
  (signal: NodeJS.Signals): Signalled =>
  (npm) =>
    npm.kill(signal)
const toGroup =
  (signal: NodeJS.Signals): Signalled =>
  (npm) =>
    process.kill(-(npm.pid ?? 0), signal)

const CASES: readonly [what: string, first: Signalled, again?: Signalled][] = [
  ['SIGTERM to npm', toNpm('SIGTERM')],
  ['SIGTERM to the process group', toGroup('SIGTERM')],
  [
    'SIGTERM to the process group, and again while it drains',
    toGroup('SIGTERM'),
    toGroup('SIGTERM'),
  ],
  ['Ctrl-C twice', toGroup('SIGINT'), toGroup('SIGINT')],
  ['SIGHUP to the process group, as a closed terminal sends it', toGroup('SIGHUP')],
]

test.skipIf(process.platform === 'win32').each(CASES)(
  '%s: one drain, the request under way is answered, every line is written',
  { repeats },
  async (_, first, again) => {
    const asked = Promise.withResolvers<() => void>()
    await using upstream = await rawUpstream(upstreamTlsOptions, async (peer) => {
      await peer.request()
      asked.resolve(() => peer.write(OK))
    })
    const { npm, log, port, ended } = await startedByNpm(upstream.port)
    await using device = await Device.to(port, clientTls(port, fleet.device))
    device.send(REQUEST)
    const answer = await asked.promise

    first(npm)
    await log.waitForLines(1, ({ msg }) => msg === 'draining')
    if (again !== undefined) {
      again(npm)
      await log.waitForLines(1, ({ msg }) => msg === 'already draining')
    }
    answer()

    expect((await device.response()).startLine).toContain('200')
    await ended
    expect(log.lines.filter(({ msg }) => msg === 'draining')).toHaveLength(1)
    expect(log.lines.filter((line) => 'decision' in line)).toHaveLength(1)
    expect(log.lines.at(-1)).toMatchObject({ msg: 'drained' })
  },
)

/** A front end as `npm run -s tfe -- serve` starts it, in a process group of its own; it serves already. */
async function startedByNpm(upstreamPort: number) {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-npm-'))
  writeFiles(folder)
  const file = join(folder, 'tfe.yaml')
  const yaml = { metrics: ' { address: 127.0.0.1, port: 0 }', drain: ' 20s' }
  writeFileSync(file, productYaml({ upstreamPort, yaml }))
  const args = ['run', '-s', 'tfe', '--', 'serve', '--config', file]
  const program = new Program('npm', args, { cwd: ROOT, hasGroup: true, isShown: true })
  const { child: npm, ended } = program
  onTestFinished(() => {
    try {
      process.kill(-(npm.pid ?? 0), 'SIGKILL')
    } catch {
      // The group is gone, as it should be.
    }
    rmSync(folder, { recursive: true, force: true })
  })
  const log = new LineLog(program)
  const { devices = 0 } = (await log.serving())['ports'] as Readonly<Record<string, number>>
  // Ended when the last process that could write to its output is gone, which is the front end.
  return { npm, log, port: devices, ended }
}
