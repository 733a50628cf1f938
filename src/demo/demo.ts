/**
 * The demonstration, from an empty folder to a served request and back to nothing.
 */
import { hash, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import type { Loaded } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import type { Fault, Instant, Result } from '../kernel/types.ts'
import { configurationFor } from './configuration.ts'
import { narrate, type Screen } from './readable-log.ts'
import { portFaults, type Ports } from './ports.ts'
import { startUpstream } from './upstream.ts'
import { TOKEN_FILE } from './examples.ts'
import { welcome } from './welcome.ts'
import { prepareWorld, type World, type WorldFailure } from './prepare-folder.ts'

/** What was asked for. */
export interface DemoOptions {
  /** Where certificates and keys are kept. */
  readonly folder: string
  readonly ports: Ports
  /** The front end's own JSON lines in place of the narration. */
  readonly json: boolean
}

/** Where the demonstration shows itself. */
export interface Stage extends Screen {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** Whether a line may be written over. */
  readonly interactive: boolean
}

/** Starts the front end in this process; its log lines go to `lines`. */
export type Serving = (
  loaded: Loaded,
  lines: { write(line: string): void },
) => Promise<Result<Running, readonly Fault[]>>

/** Makes the store that the front end needs, with an administrator's token in a file, where they are missing. */
export type Preparing = (
  loaded: Loaded,
  tokenFile: string,
) => Promise<Result<void, readonly Fault[]>>

/** A front end that serves. */
export interface Running {
  drain(): Promise<void>
}

/** How it ended: as asked, or without having begun. */
export type Ending = 'ended' | 'not-started'

/** Runs until `stop` is aborted. */
export async function runDemo(
  options: DemoOptions,
  stage: Stage,
  {
    prepare,
    serve,
    stop,
  }: { readonly prepare: Preparing; readonly serve: Serving; readonly stop: AbortSignal },
): Promise<Ending> {
  const { folder, ports, json } = options
  const taken = await portFaults(ports)
  if (taken.length > 0) return notStarted(stage, taken)
  const say = json ? stage.err : stage.out
  const world = await prepareWorld(folder, {
    now: Date.now() as Instant,
    making: (done, of) => {
      if (stage.interactive) say(`\r  making keys and certificates, ${done + 1} of ${of}`)
    },
  })
  if (!world.ok) return notStarted(stage, [worldSentence(world.failure)])
  say(`${stage.interactive ? ERASE_LINE : ''}${worldLine(folder, world.value)}\n\n`)
  if (stop.aborted) return 'ended'
  const upstream = await startUpstream({
    port: ports.upstream,
    certificate: await readFile(join(folder, 'upstream.pem'), 'utf8'),
    key: await readFile(join(folder, 'upstream.key'), 'utf8'),
    ca: await readFile(join(folder, 'authorities/upstream.pem'), 'utf8'),
  })
  const configuration = here(await configurationFor({ root: ROOT, folder, ports }))
  const loaded = await loadConfig(configuration, process.env)
  const lines = new Lines(stage, json)
  const prepared = loaded.ok ? await prepare(loaded.value, join(folder, TOKEN_FILE)) : loaded
  const started = loaded.ok && prepared.ok ? await serve(loaded.value, lines) : prepared
  if (!started.ok || started.value === undefined) {
    await upstream.close()
    return notStarted(
      stage,
      (started.ok ? [] : started.failure).map(({ at, message }) => `${at}: ${message}`),
    )
  }
  const current = await readFile(join(folder, 'devices/current.pem'), 'utf8')
  say(welcome({ ...surroundings(folder, configuration, ports), key: keyOf(current) }, stage))
  lines.begin()
  await aborted(stop)
  // Nobody waits for a demonstration: what is under way gets a moment, not the patience of production.
  await Promise.race([started.value.drain(), new Promise((resolve) => setTimeout(resolve, 500))])
  await upstream.close()
  say(`${stage.interactive ? '\n' : ''}${stage.signs.yes} all gone\n`)
  return 'ended'
}

/** The project's own folder: two above this file's. */
const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..')
const ERASE_LINE = '\r\u001B[K'

/** The front end's lines; what it says before the welcome waits until after it, or nobody would find it again. */
class Lines {
  readonly #stage: Stage
  readonly #json: boolean
  #waiting: string[] | undefined = []

  constructor(stage: Stage, json: boolean) {
    this.#stage = stage
    this.#json = json
  }

  write(line: string): void {
    const told = this.#json ? line : narrate(line, this.#stage)
    if (told === undefined) return
    if (this.#waiting === undefined) this.#stage.out(told)
    else this.#waiting.push(told)
  }

  begin(): void {
    for (const told of this.#waiting ?? []) this.#stage.out(told)
    this.#waiting = undefined
  }
}

function notStarted(stage: Stage, sentences: readonly string[]): Ending {
  stage.err(`tfe demo did not start:\n${sentences.map((one) => `  ${one}\n`).join('')}`)
  return 'not-started'
}

function worldSentence(failure: WorldFailure): string {
  if (failure.kind === 'occupied') {
    return `${failure.folder} holds files that the demonstration did not make; choose another folder with --dir`
  }
  return `${failure.folder} cannot be written (${failure.code}); choose another folder with --dir`
}

function worldLine(folder: string, { made, kept, mended }: World): string {
  const where = here(folder)
  if (made === 0) return `${where}: reused ${kept} keys and certificates of an earlier start`
  if (mended.length === 0)
    return `${where}: made ${made} keys and certificates, for this demonstration only`
  const named = mended.slice(0, 3).map(({ file, why }) => `${file} (${why})`)
  const more = mended.length > 3 ? ` and ${mended.length - 3} more` : ''
  return `${where}: reused ${kept}, made anew ${named.join(', ')}${more}`
}

/** What the deny list knows a device by. */
const keyOf = (pem: string): string =>
  hash('sha256', new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' }))

function surroundings(folder: string, configuration: string, ports: Ports) {
  // npm runs its scripts in the project's folder; from elsewhere the paths would not fit.
  const tfe =
    resolve('.') === ROOT ? 'npm run -s tfe --' : `node ${here(join(ROOT, 'scripts', 'tfe.mjs'))}`
  return { folder: here(folder), configuration, tfe, ports }
}

/** As people here would write it: relative, unless that leads away from here. */
function here(path: string): string {
  const way = relative('.', path)
  return way.startsWith('..') ? path : way || '.'
}

async function aborted(stop: AbortSignal): Promise<void> {
  if (stop.aborted) return
  const { promise, resolve } = Promise.withResolvers<void>()
  stop.addEventListener('abort', () => resolve(), { once: true })
  await promise
}
