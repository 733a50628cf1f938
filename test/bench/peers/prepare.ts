/**
 * Prepares what a run needs: peers as Debian 13 has them, Caddy and the image's allocator as this system's packages have
 * them, the load generator, certificates, and the commit to compare with. What is missing is a `BenchFault` that says
 * how to get it: a peer that is left out would make the rest look better.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { isCommand } from '../../support/commands.ts'
import { debian13, type Command, type Debian13 } from '../../support/programs/debian13.ts'
import { writeAnswers } from './answers.ts'
import { BenchFault } from './bench-fault.ts'
import { writeCertificates, type Issuers } from './certificates.ts'

/** The top of the working tree. */
export const ROOT = join(import.meta.dirname, '../../..')

export interface Prepared extends Disposable {
  readonly debian: Debian13
  /** For this run alone; removed when it ends well. */
  readonly folder: string
  readonly pki: string
  readonly issuers: Issuers
  readonly answers: string
  readonly loadProgram: (args: readonly string[]) => Command
  readonly caddy: string
  /** The library that the image preloads. */
  readonly allocator: string
  /** As the products say them. */
  readonly versions: Readonly<
    Record<'nginx' | 'haproxy' | 'apache' | 'caddy' | 'httpProxy', string>
  >
}

/** Prepares everything but other commits. Throws a `BenchFault` with what is missing. */
export function prepare(): Prepared {
  for (const [tool, from] of TOOLS) {
    if (!isCommand(tool)) throw new BenchFault(`${tool} is not there: apt-get install ${from}`)
  }
  if (process.platform !== 'linux') throw new BenchFault('found no /proc: this wants Linux')
  const debian = debian13(['nginx', 'haproxy', 'apache'])
  if (typeof debian === 'string') throw new BenchFault(`missing: ${debian}`)
  const work = workFolder()
  const caddy = isCommand('caddy') ? 'caddy' : join(unpacked('caddy', work), 'usr/bin/caddy')
  const preloaded = allocator(work)
  const loadProgram = loadGenerator(debian, work)
  writeAnswers(work)
  const folder = mkdtempSync(join(work, 'run-'))
  // Servers that give up being root must still read and write here.
  chmodSync(folder, 0o777)
  const pki = join(folder, 'pki')
  const issuers = writeCertificates(pki)
  return {
    debian,
    folder,
    pki,
    issuers,
    answers: work,
    loadProgram,
    caddy,
    allocator: preloaded,
    versions: {
      nginx: versionOf(debian.command('usr/sbin/nginx', ['-v'])),
      haproxy: versionOf(debian.command('usr/sbin/haproxy', ['-v'])),
      apache: versionOf(debian.command('usr/sbin/apache2', ['-v'])),
      caddy: versionOf({ file: caddy, args: ['version'], env: {} }),
      httpProxy: versionOfPackage('http-proxy'),
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

const TOOLS = [
  ['taskset', 'util-linux'],
  ['gcc', 'gcc libssl-dev'],
  ['git', 'git'],
  ['npm', 'npm'],
] as const

/** What later runs find again: programs, packages and other commits. */
export function workFolder(): string {
  const work = process.env['TFE_BENCH_WORK'] ?? join(tmpdir(), 'tfe-bench')
  mkdirSync(work, { recursive: true })
  chmodSync(work, 0o755)
  return work
}

/** Compiled with this system's headers; run with the OpenSSL of Debian 13, which is quicker than older ones. */
function loadGenerator(debian: Debian13, work: string): Prepared['loadProgram'] {
  const program = join(work, 'load')
  const source = join(import.meta.dirname, 'load.c')
  const args = ['-O2', '-Wall', '-Wextra', '-o', program, source, '-lssl', '-lcrypto']
  const { status, stderr } = spawnSync('gcc', args, { encoding: 'utf8' })
  if (status !== 0) {
    throw new BenchFault(`cannot compile the load generator: apt-get install libssl-dev\n${stderr}`)
  }
  return (words) => debian.command(program, words)
}

/** The dynamic linker only warns of a library that it does not find, and what is measured then is not the image. */
function allocator(work: string): string {
  const pattern = 'usr/lib/*/libmimalloc.so.2'
  const [installed] = globSync(pattern, { cwd: '/' })
  if (installed !== undefined) return join('/', installed)
  const folder = unpacked('libmimalloc2.0', work)
  const [found] = globSync(pattern, { cwd: folder })
  if (found === undefined) throw new BenchFault(`${folder} has no ${pattern}: remove it`)
  return join(folder, found)
}

/** A package of this system's, in a folder instead of installed: that needs no right, and changes nothing. */
function unpacked(name: string, work: string): string {
  const folder = join(work, 'packages', name)
  if (existsSync(folder)) return folder
  const download = mkdtempSync(join(work, 'download-'))
  const run = (command: string, ...args: readonly string[]): void => {
    const { status, stderr } = spawnSync(command, args, { cwd: download, encoding: 'utf8' })
    if (status === 0) return
    throw new BenchFault(
      `${name} is missing, and ${command} said: ${stderr}: apt-get install ${name}`,
    )
  }
  run('apt-get', 'download', '-q', name)
  const [archive = ''] = globSync('*.deb', { cwd: download })
  run('dpkg-deb', '-x', archive, 'whole')
  mkdirSync(dirname(folder), { recursive: true })
  renameSync(join(download, 'whole'), folder)
  rmSync(download, { recursive: true })
  return folder
}

/** Checks a commit out, with the packages that its image has; gives its folder and its short name. */
export function prepareCommit(revision: string): {
  readonly tree: string
  readonly commit: string
} {
  const commit = git('rev-parse', '--verify', `${revision}^{commit}`).slice(0, 12)
  const tree = join(workFolder(), `tree-${commit}`)
  if (!existsSync(join(tree, 'package.json'))) {
    git('worktree', 'add', '--force', '--detach', '--quiet', tree, commit)
  }
  // npm writes this file last.
  if (!existsSync(join(tree, 'node_modules/.package-lock.json'))) {
    console.error(`installing the packages of ${commit}, once`)
    // As the Dockerfile does.
    const options = ['--omit=dev', '--omit=optional', '--ignore-scripts', '--no-audit', '--no-fund']
    const { status, stderr } = spawnSync('npm', ['ci', ...options], { cwd: tree, encoding: 'utf8' })
    if (status !== 0) throw new BenchFault(`npm ci of ${commit} failed: ${stderr}`)
  }
  return { tree, commit }
}

/** The commit of the working tree, with a mark when there is more in it. */
export function currentCommit(): string {
  const commit = git('rev-parse', 'HEAD').slice(0, 12)
  return git('status', '--porcelain', '--untracked-files=no') === '' ? commit : `${commit}+`
}

function git(...args: readonly string[]): string {
  try {
    return execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim()
  } catch (error) {
    throw new BenchFault(`git ${args.join(' ')}: ${String(error)}`, { cause: error })
  }
}

function versionOf({ file, args, env }: Command): string {
  const { stdout, stderr } = spawnSync(file, args, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  })
  return /\d+\.\d[\w.+~-]*/u.exec(`${stdout}${stderr}`)?.[0] ?? 'of unknown version'
}

const versionOfPackage = (name: string): string =>
  (
    JSON.parse(readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8')) as {
      readonly version: string
    }
  ).version
