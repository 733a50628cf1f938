/** The fixture, unpacked: a store of the version before with its configuration, and front ends on it. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { gunzipSync } from 'node:zlib'
import {
  fleetConfiguration,
  LAST_WORDS,
  type FleetPorts,
} from '../fixtures/landed-store/configuration.ts'
import { keyFiles, type Fleet } from '../fixtures/landed-store/mint-fleet.ts'
import { LineLog, MAIN } from '../support/front-ends/serve-process.ts'
import { claimPorts } from '../support/ports/claim-port.ts'
import { Program } from '../support/programs/program.ts'
import type { Met } from './ask.ts'
import type { Apart } from './ask-apart.ts'
import { echoUpstream } from './echo-upstream.ts'

const DATA = join(import.meta.dirname, '../fixtures/landed-store/data')

/** One file of the fixture. */
export const unpacked = (name: string): Buffer => gunzipSync(readFileSync(join(DATA, name)))

/** Certificates, and the files that the configuration names. */
export type LandedFleet = Pick<Fleet, 'certificates' | 'files'>

export const readFleet = (): LandedFleet =>
  JSON.parse(unpacked('fleet.json.gz').toString()) as LandedFleet

/** What the version before answered. */
export interface Then {
  readonly apart: Apart
  readonly certificates: Readonly<Record<string, Met>>
}

export const readThen = (): Then => JSON.parse(unpacked('met.json.gz').toString()) as Then

/** A folder with store and configuration, as it stood when the version before was stopped; the upstream serves. */
export interface LandedStore extends AsyncDisposable {
  readonly folder: string
  readonly ports: FleetPorts
  readonly ca: string
  readonly storePath: string
  /** A command of this version; what it wrote to standard output, and its exit code. */
  run(...args: readonly string[]): Promise<{ readonly code: number | null; readonly out: string }>
  /** A front end of this version. */
  serve(): Promise<ServingFleet>
}

export interface ServingFleet extends AsyncDisposable {
  readonly log: LineLog
  readonly end: () => Promise<number | null>
}

/** Unpacks it; with `store`, what the configuration says of another store, which is then made by the test. */
export async function landedStore(
  files: Readonly<Record<string, string | Buffer>> = {},
  store?: string,
): Promise<LandedStore> {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-upgrade-'))
  const fleet = readFleet()
  const keys = keyFiles()
  const upstream = await echoUpstream(fleet)
  const [devices = 0, scanners = 0, admin = 0] = await claimPorts(3)
  const ports = { devices, scanners, admin, upstream: upstream.port }
  const configuration = fleetConfiguration(ports, LAST_WORDS)
  const written = {
    ...fleet.files,
    ...keys,
    ...files,
    'tfe.yaml':
      store === undefined
        ? configuration
        : configuration.replace(/^store: .*$/mu, `store: ${store}`),
  }
  for (const [path, text] of Object.entries(written)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text, { mode: 0o600 })
  }
  const storePath = join(folder, 'data/tfe.sqlite')
  mkdirSync(dirname(storePath))
  if (store === undefined) {
    writeFileSync(storePath, unpacked('store.sqlite.gz'), { mode: 0o600 })
  }
  const start = (...args: readonly string[]): Program =>
    new Program(process.execPath, [MAIN, ...args], { cwd: folder })
  return {
    folder,
    ports,
    ca: fleet.files['ca/server.pem'] ?? '',
    storePath,
    async run(...args) {
      const program = start(...args)
      const code = await program.ended
      return { code, out: program.out === '' ? program.err : program.out }
    },
    async serve() {
      const program = start('serve', '--config', 'tfe.yaml')
      const log = new LineLog(program)
      await log.serving()
      return {
        log,
        end: () => program.end(),
        [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
      }
    },
    async [Symbol.asyncDispose]() {
      upstream.close()
      if (existsSync(folder)) rmSync(folder, { recursive: true })
      await Promise.resolve()
    },
  }
}
