/**
 * The products as Debian 13 brings them, whatever runs this: a Debian 13 in a folder, whose programs are started with
 * its own loader and libraries. `TFE_DEBIAN13` names the folder; else one that stands ready in the usual places is taken,
 * the running system itself among them; else it is unpacked once by debootstrap, as root, some two minutes and 400 MB in
 * the user's cache.
 */
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import process from 'node:process'
import { isCommand } from '../commands.ts'

/** A Debian 13 in a folder. */
export interface Debian13 {
  readonly root: string
  /** How a program of it is started, by its path there; a program of another place gets its libraries. */
  readonly command: (path: string, args: readonly string[]) => Command
}

export interface Command {
  readonly file: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** What a product's package is called, and the file of it that tells whether it is there. */
const PRODUCTS = {
  nginx: ['nginx-light', 'usr/sbin/nginx'],
  haproxy: ['haproxy', 'usr/sbin/haproxy'],
  apache: ['apache2-bin', 'usr/sbin/apache2'],
  hitch: ['hitch', 'usr/sbin/hitch'],
  lighttpd: ['lighttpd', 'usr/sbin/lighttpd'],
  'lighttpd-openssl': ['lighttpd-mod-openssl', 'usr/lib/lighttpd/mod_openssl.so'],
} as const

export type Debian13Product = keyof typeof PRODUCTS

const ALL = Object.keys(PRODUCTS) as readonly Debian13Product[]
const packagesOf = (products: readonly Debian13Product[]): readonly string[] =>
  products.map((product) => PRODUCTS[product][0])

/** Finds one that has these products, or unpacks it. A sentence says what is missing where neither can be done. */
export function debian13(wanted: readonly Debian13Product[] = ALL): Debian13 | string {
  const named = process.env['TFE_DEBIAN13']
  if (named !== undefined) {
    const lacks = lacking(named, wanted)
    if (lacks.length === 0) return at(named)
    return `TFE_DEBIAN13 names ${named}, which lacks ${lacks.join(', ')}: name an unpacked Debian 13 with ${packagesOf(wanted).join(', ')}`
  }
  const ready = [
    '/',
    join(process.env['LAB_WORK'] ?? join(tmpdir(), 'tfe-lab'), 'trixie'),
    ownFolder(),
  ].find((folder) => lacking(folder, wanted).length === 0)
  return ready === undefined ? unpacked(ownFolder()) : at(ready)
}

function lacking(root: string, wanted: readonly Debian13Product[]): readonly string[] {
  const release = join(root, 'etc/debian_version')
  if (!existsSync(release) || !readFileSync(release, 'utf8').startsWith('13')) return ['Debian 13']
  return wanted
    .map((product) => PRODUCTS[product][1])
    .filter((file) => !existsSync(join(root, file)))
}

const ownFolder = (): string =>
  join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'trusted-front-end/debian13')

/** Under another name until it is whole, so that a run that was broken off leaves nothing that looks ready. */
function unpacked(folder: string): Debian13 | string {
  const others = 'or name an unpacked Debian 13 in TFE_DEBIAN13'
  if (!isCommand('debootstrap')) return `debootstrap: apt-get install debootstrap, ${others}`
  if (process.getuid?.() !== 0) return `root, whom debootstrap wants: run this as root, ${others}`
  console.log(`unpacking Debian 13 into ${folder}, once`)
  mkdirSync(dirname(folder), { recursive: true })
  const partial = mkdtempSync(`${folder}-`)
  const args = ['--variant=minbase', `--include=${packagesOf(ALL).join(',')}`, 'trixie', partial]
  const { status, stdout, stderr } = spawnSync('debootstrap', args, { encoding: 'utf8' })
  if (status !== 0) {
    rmSync(partial, { recursive: true })
    const told = `${stdout}${stderr}`.trim().split('\n').slice(-3).join('; ')
    return `Debian 13: debootstrap ended with ${status}: ${told}; see to its network, ${others}`
  }
  rmSync(folder, { recursive: true, force: true })
  renameSync(partial, folder)
  const lacks = lacking(folder, ALL)
  return lacks.length === 0
    ? at(folder)
    : `${lacks.join(', ')} in ${folder}: remove it and run again`
}

function at(root: string): Debian13 {
  const [loader = ''] = globSync('usr/{lib,lib64}/ld-linux*.so.*', { cwd: root })
  const [libraries = ''] = globSync('usr/lib/*-linux-gnu*', { cwd: root })
  return {
    root,
    command: (path, args) => ({
      file: join(root, loader),
      args: ['--library-path', join(root, libraries), resolve(root, path), ...args],
      env: {
        OPENSSL_CONF: join(root, 'etc/ssl/openssl.cnf'),
        OPENSSL_MODULES: join(root, libraries, 'ossl-modules'),
      },
    }),
  }
}
