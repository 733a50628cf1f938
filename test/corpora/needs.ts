/**
 * What a run needs besides Node. A skipped row is not a passed one, so whatever is missing ends the run.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'

/** The files of the corpus that are read. */
const FILES = [
  'limbo-client.json',
  'limbo-client-tiers.json',
  'limbo-client-dropped.json',
  'limbo.json',
  'limbo-server-tiers.json',
  'http1-requests-2.json',
]

/** Command → what it is for, and the Debian package that has it. */
const COMMANDS = [
  ['openssl', 'the other judge, and the client of the live run', 'openssl'],
  ['faketime', 'cases at a fixed time', 'faketime'],
  ['unshare', 'a network that nothing leaves', 'util-linux'],
  ['ip', 'its loopback interface', 'iproute2'],
] as const

/** One sentence for each thing that is missing; empty when the run may begin. */
export function missing(): readonly string[] {
  const commands = COMMANDS.flatMap(([command, purpose, debian]) =>
    answers(command, [command === 'ip' ? '-V' : '--version']) || answers(command, ['version'])
      ? []
      : [`${command} is not here (${purpose}): apt-get install ${debian}`],
  )
  const clock =
    commands.length > 0 || movesClock() ? [] : ['faketime does not move this Node’s clock']
  return [...corpusFaults(), ...commands, ...clock]
}

function corpusFaults(): readonly string[] {
  const folder = process.env['TFE_VECTORS']
  if (folder === undefined) return ['TFE_VECTORS is not set: the folder of the corpora']
  return FILES.filter((name) => !existsSync(join(folder, name))).map(
    (name) => `TFE_VECTORS names a folder without ${name}`,
  )
}

const answers = (command: string, args: readonly string[]): boolean =>
  spawnSync(command, args, { stdio: 'ignore' }).status === 0

/** The environment under which a program finds it to be `iso`, and stays there. */
export function frozenAt(iso: string): Readonly<Record<string, string>> {
  const at = new Date(iso).toISOString().replace('T', ' ').replace('Z', '')
  return {
    TZ: 'UTC',
    LD_PRELOAD: preloaded(),
    FAKETIME: at.endsWith('.000') ? at.slice(0, -4) : at,
    // Deadlines and event loops count on the other clock; it has to go on.
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
  }
}

/** Where the library is, in the words of the command that comes with it. */
function preloaded(): string {
  const { stdout } = spawnSync('faketime', ['-m', '2020-01-01', 'printenv', 'LD_PRELOAD'], {
    encoding: 'utf8',
  })
  return stdout.trim()
}

function movesClock(): boolean {
  const at = '2024-03-01T00:00:00.999Z'
  const { stdout } = spawnSync(process.execPath, ['-p', 'new Date().toISOString()'], {
    env: { ...process.env, ...frozenAt(at) },
    encoding: 'utf8',
  })
  return stdout.trim() === at
}

/** Whether this process lives in the network namespace that a run makes for itself. */
export const isEnclosed = (): boolean => process.env[ENCLOSED] === '1'

/**
 * Runs this program again where there is no network but a loopback interface: the certificates name real hosts.
 * Answers its exit status.
 */
export function enclose(args: readonly string[]): number {
  const asRoot = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']
  const inside = ['sh', '-c', 'ip link set lo up && exec "$@"', 'sh', process.execPath]
  const { status, error } = spawnSync(
    'unshare',
    ['--net', ...asRoot, '--', ...inside, ...process.execArgv, ...args],
    { stdio: 'inherit', env: { ...process.env, [ENCLOSED]: '1' } },
  )
  if (error !== undefined) console.error(`cannot make a network namespace: ${error.message}`)
  return status ?? 1
}

const ENCLOSED = 'TFE_CORPORA_ENCLOSED'
