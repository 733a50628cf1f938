/**
 * The demonstration, from an empty folder to a served request and back to nothing.
 */
import { hash, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import type { LoadedConfig } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { countText } from '../kernel/count-text.ts'
import { ok, type Fault, type Instant, type Result } from '../kernel/types.ts'
import { configurationFor } from './configuration.ts'
import { readableLine, type LogStyle } from './readable-log.ts'
import { portFaults, type Ports } from './ports.ts'
import { startUpstream } from './upstream.ts'
import { TOKEN_FILE } from './examples.ts'
import { welcome } from './welcome.ts'
import { prepareFolder, type PreparedFolder, type FolderFailure } from './prepare-folder.ts'

/** What was asked for. */
export interface DemoOptions {
  /** Where certificates and keys are kept. */
  readonly folder: string
  readonly ports: Ports
  /** The front end's own JSON lines in place of the narration. */
  readonly json: boolean
}

/** Where the demonstration shows itself. */
export interface DemoOutput extends LogStyle {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** Whether a line may be written over. */
  readonly interactive: boolean
}

/** Starts the front end in this process; its log lines go to `lines`, and `read` reads its configuration again. */
export type StartFrontEnd = (
  loaded: LoadedConfig,
  lines: { write(line: string): void },
  read: () => Promise<Result<LoadedConfig, readonly Fault[]>>,
) => Promise<Result<RunningFrontEnd, readonly Fault[]>>

/**
 * Makes the store that the front end needs, with an administrator's token in a file, where they are missing. Returns in
 * what a store that was there differs from a new one.
 */
export type PrepareStore = (
  loaded: LoadedConfig,
  tokenFile: string,
) => Promise<Result<readonly string[], readonly Fault[]>>

/** A front end that serves. */
export interface RunningFrontEnd {
  drain(): Promise<void>
}

/** How it ended: as asked, or without having begun. */
export type DemoResult = 'ended' | 'not-started'

/** Runs until `stop` is aborted. */
export async function runDemo(
  options: DemoOptions,
  output: DemoOutput,
  {
    prepare,
    serve,
    stop,
  }: { readonly prepare: PrepareStore; readonly serve: StartFrontEnd; readonly stop: AbortSignal },
): Promise<DemoResult> {
  const { folder, ports, json } = options
  const taken = await portFaults(ports)
  if (taken.length > 0) return notStarted(output, taken)
  const say = json ? output.err : output.out
  const files = await prepareFolder(folder, {
    now: Date.now() as Instant,
    onProgress: (done, of) => {
      if (output.interactive) say(`\r  making keys and certificates, ${done + 1} of ${of}`)
    },
  })
  if (!files.ok) return notStarted(output, [folderFailureText(files.failure)])
  say(`${output.interactive ? ERASE_LINE : ''}${folderSummary(folder, files.value)}\n\n`)
  if (stop.aborted) return 'ended'
  const upstream = await startUpstream({
    port: ports.upstream,
    certificate: await readFile(join(folder, 'upstream.pem'), 'utf8'),
    key: await readFile(join(folder, 'upstream.key'), 'utf8'),
    ca: await readFile(join(folder, 'authorities/upstream.pem'), 'utf8'),
  })
  const configuration = shortPath(await configurationFor({ root: ROOT, folder, ports }))
  const read = () => loadConfig(configuration, process.env)
  const lines = new BufferedLog(output, json)
  const start = async () => {
    const loaded = await read()
    if (!loaded.ok) return loaded
    const prepared = await prepare(loaded.value, join(folder, TOKEN_FILE))
    if (!prepared.ok) return prepared
    const served = await serve(loaded.value, lines, read)
    return served.ok ? ok({ frontEnd: served.value, differences: prepared.value }) : served
  }
  const started = await start()
  if (!started.ok) {
    await upstream.close()
    return notStarted(
      output,
      started.failure.map(({ at, message }) => `${at}: ${message}`),
    )
  }
  const { frontEnd, differences } = started.value
  const current = await readFile(join(folder, 'devices/current.pem'), 'utf8')
  const context = { ...welcomeContext(folder, configuration, ports), key: keyOf(current) }
  say(welcome({ ...context, differences }, output))
  lines.flush()
  await aborted(stop)
  // No device depends on a demonstration: requests under way get half a second, not the drain time of production.
  await Promise.race([frontEnd.drain(), new Promise((resolve) => setTimeout(resolve, 500))])
  await upstream.close()
  say(`${output.interactive ? '\n' : ''}${output.signs.yes} all gone\n`)
  return 'ended'
}

/** The project's own folder: two above this file's. */
const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..')
/** Over the longest line of progress, in spaces: NO_COLOR wants no escape sequence, whatever it does. */
const ERASE_LINE = `\r${' '.repeat(60)}\r`

/** Holds the front end's lines back until the welcome text is out: it would scroll earlier ones out of sight. */
class BufferedLog {
  readonly #stage: DemoOutput
  readonly #json: boolean
  #waiting: string[] | undefined = []

  constructor(output: DemoOutput, json: boolean) {
    this.#stage = output
    this.#json = json
  }

  write(line: string): void {
    const text = this.#json ? line : readableLine(line, this.#stage)
    if (text === undefined) return
    if (this.#waiting === undefined) this.#stage.out(text)
    else this.#waiting.push(text)
  }

  flush(): void {
    for (const text of this.#waiting ?? []) this.#stage.out(text)
    this.#waiting = undefined
  }
}

function notStarted(output: DemoOutput, sentences: readonly string[]): DemoResult {
  output.err(`tfe demo did not start:\n${sentences.map((one) => `  ${one}\n`).join('')}`)
  return 'not-started'
}

function folderFailureText(failure: FolderFailure): string {
  if (failure.kind === 'occupied') {
    return `${failure.folder} holds files that the demonstration did not make; choose another folder with --dir`
  }
  return `${failure.folder} cannot be written (${failure.code}); choose another folder with --dir`
}

function folderSummary(folder: string, { made, reused, replaced }: PreparedFolder): string {
  const where = shortPath(folder)
  if (made === 0) return `${where}: reused ${filesText(reused)} of an earlier start`
  if (replaced.length === 0) return `${where}: made ${filesText(made)}, for this demonstration only`
  const named = replaced.slice(0, 3).map(({ file, why }) => `${file} (${why})`)
  const more = replaced.length > 3 ? ` and ${replaced.length - 3} more` : ''
  return `${where}: reused ${reused}, made anew ${named.join(', ')}${more}`
}

const filesText = (count: number): string =>
  countText(count, 'key or certificate', 'keys and certificates')

/** What the deny list knows a device by. */
const keyOf = (pem: string): string =>
  hash('sha256', new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' }))

function welcomeContext(folder: string, configuration: string, ports: Ports) {
  // npm runs its scripts in the project's folder; from elsewhere the paths would not fit.
  const tfe =
    resolve('.') === ROOT
      ? 'npm run -s tfe --'
      : `node ${shortPath(join(ROOT, 'scripts', 'tfe.mjs'))}`
  return { folder: shortPath(folder), configuration, tfe, ports }
}

/** As people here would write it: relative, unless that leads away from here. */
function shortPath(path: string): string {
  const way = relative('.', path)
  return way.startsWith('..') ? path : way || '.'
}

async function aborted(stop: AbortSignal): Promise<void> {
  if (stop.aborted) return
  const { promise, resolve } = Promise.withResolvers<void>()
  stop.addEventListener('abort', () => resolve(), { once: true })
  await promise
}
