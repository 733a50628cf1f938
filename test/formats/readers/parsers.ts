/** Parsers of certificates that servers are written with. Each reads what was sent from a file and says what it found. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { quietEnvironment } from '../../support/programs/program.ts'

export interface Parser {
  readonly name: string
  /** The Debian packages that bring it. */
  readonly package: string
  /** What it says of itself; nothing when it is not installed. */
  readonly version: () => string | undefined
  /** Builds what has to be built into `folder`; the command that reads a file. */
  readonly prepare: (folder: string) => readonly string[]
}

/** How a certificate, or several, stands in a field. `pem` is PEM as in a file, in base64 for the way there. */
export type Shape =
  | 'pem'
  | 'byte-sequences'
  | 'base64'
  | 'base64-list'
  | 'escaped-pem'
  | 'half-escaped-pem'
  | 'spaced-pem'
  | 'xfcc-cert'
  | 'xfcc-chain'

export interface Written {
  readonly shape: Shape
  readonly value: string
}

/** The DER of each certificate in base64, with commas between, or why it was not read. */
export type Reading = { readonly der: string } | { readonly fault: string }

/** Reads everything at once: a JVM takes a second to start. */
export function readAll(
  { prepare }: Parser,
  folder: string,
  written: readonly Written[],
): readonly Reading[] {
  const [command = '', ...args] = prepare(folder)
  const file = join(folder, 'written')
  writeFileSync(file, written.map(({ shape, value }) => `${shape}\t${value}\n`).join(''), 'latin1')
  const lines = run(command, [...args, file])
    .trimEnd()
    .split('\n')
  return written.map((_, index) => {
    const [verdict, ...rest] = (lines[index] ?? 'fault no line').split(' ')
    return verdict === 'read' ? { der: rest.join(' ') } : { fault: rest.join(' ') }
  })
}

const java: Parser = {
  name: 'java CertificateFactory',
  package: 'default-jdk-headless',
  version: () => versionIn('javac', ['--version']),
  prepare: (folder) => {
    run('javac', ['-d', folder, beside('Reader.java')])
    return ['java', '-cp', folder, 'Reader']
  },
}

const go: Parser = {
  name: 'go crypto/x509',
  package: 'golang-go',
  version: () => versionIn('go', ['version']),
  prepare: (folder) => {
    const reader = join(folder, 'reader')
    run('go', ['build', '-o', reader, beside('reader.go')])
    return [reader]
  },
}

/** The first one that has the library: a Python of one's own may stand before Debian's. */
const pythons = ['python3', '/usr/bin/python3']
const pythonVersion = (python: string): string | undefined =>
  versionIn(python, ['-c', 'import cryptography; print(cryptography.__version__)'])

const python: Parser = {
  name: 'python cryptography',
  package: 'python3-cryptography',
  version: () => pythons.map(pythonVersion).find((version) => version !== undefined),
  prepare: () => [
    pythons.find((one) => pythonVersion(one) !== undefined) ?? 'python3',
    beside('reader.py'),
  ],
}

export const PARSERS: readonly Parser[] = [java, go, python]

/** They take seconds on busy cores, Go's first build of its library half a minute. */
const PATIENCE = 300_000
const MOST_OCTETS = 64 * 1024 * 1024

const run = (command: string, args: readonly string[]): string =>
  execFileSync(command, args, {
    encoding: 'utf8',
    env: { ...quietEnvironment(), GO111MODULE: 'off' },
    maxBuffer: MOST_OCTETS,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: PATIENCE,
  })

function versionIn(command: string, args: readonly string[]): string | undefined {
  try {
    return /\d+(?:\.\d+)+/.exec(run(command, args))?.[0]
  } catch {
    return undefined
  }
}

const beside = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
