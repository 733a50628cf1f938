/**
 * `tfe keys`: the ring of keys that seal secrets in the store, as a file on this machine. It travels under a passphrase,
 * apart from the store.
 */
import { countText } from '../../kernel/count-text.ts'
import { codeOrText } from '../../kernel/error-code.ts'
import { existsSync } from 'node:fs'
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { CommandEnvironment } from '../command-environment.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { fail, ok, type Fault, type Result } from '../../kernel/types.ts'
import {
  mergeKeyRings,
  readKeyRing,
  unwrapKeyRing,
  withNewKey,
  wrapKeyRing,
  writeKeyRing,
} from '../../store/secrets/key-ring.ts'
import { versionsOf, type KeyRing } from '../../store/secrets/seal.ts'
import { printAnswer, printFaultAnswer } from '../answer.ts'
import { readNewSecret, readSecret } from '../read-secret.ts'
import { replaceControlCharacters } from '../text-layout.ts'
import { loadConfiguredStore } from './store.ts'

/** What is to be done with the ring. */
export interface KeysOptions {
  readonly file: string
  readonly action: 'export' | 'import' | 'list' | 'new'
  /** Where the bundle of `export` and `import` lies. */
  readonly bundle: string
  readonly json: boolean
}

/** `tfe keys`; also while the program serves, which reads the ring again every few minutes. */
export async function keysCommand(
  options: KeysOptions,
  context: CommandEnvironment,
): Promise<ExitCode> {
  const ring = await ringFileOf(options.file, context.env)
  const said = ring.ok ? await ACTIONS[options.action](ring.value, options.bundle, context) : ring
  const form = { terminal: context.terminal, json: options.json }
  if (!said.ok) return printFaultAnswer(said.failure, form)
  const { paint, signs } = context.terminal
  const { document, lines } = said.value
  const [first = '', ...others] = lines.map(replaceControlCharacters)
  const shown = [`${paint('good', signs.yes)} ${first}`, ...others.map((line) => `  ${line}`)]
  printAnswer({ document, lines: shown }, form)
  return EXIT.ok
}

type Report = Result<
  { readonly document: object; readonly lines: readonly string[] },
  readonly Fault[]
>

/** What the ring holds now, and what there is to say about that. */
const report = (file: RingFile, ring: KeyRing, ...lines: readonly string[]): Report =>
  ok({ document: { key_ring: file.path, keys: versionsOf(ring) }, lines })

/** The ring as the configuration names it. */
interface RingFile {
  readonly path: string
  /** Where the configuration says so. */
  readonly at: string
}

async function ringFileOf(
  file: string,
  env: CommandEnvironment['env'],
): Promise<Result<RingFile, readonly Fault[]>> {
  const configured = await loadConfiguredStore(file, env)
  if (!configured.ok) return configured
  const { keys, at } = configured.value
  if (keys?.reference.startsWith('file:') === true) {
    return ok({ path: keys.reference.slice('file:'.length), at: keys.at })
  }
  const found = keys === undefined ? 'no key ring' : `the key ring in ${keys.reference}`
  const message = `found ${found}, wanted one in a file: name it as store.keys, such as 'file:tfe.keys', or change it where it comes from`
  return fail([{ at: keys?.at ?? at, message }])
}

const readRing = ({ path }: RingFile): Promise<Result<KeyRing, readonly Fault[]>> =>
  readKeyRing(`file:${path}`)

async function writeRing(
  { path }: RingFile,
  ring: KeyRing,
): Promise<Result<void, readonly Fault[]>> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    await writeKeyRing(path, ring)
    return ok(undefined)
  } catch (error) {
    const message = `${errorText(error)}, wanted to write the key ring there: do it where its folder can be written to`
    return fail([{ at: path, message }])
  }
}

/** `the key 1`, `the keys 1, 2`. */
const keysText = (ring: KeyRing): string => {
  const versions = versionsOf(ring)
  return `the ${versions.length === 1 ? 'key' : 'keys'} ${versions.join(', ')}`
}

async function listKeys(file: RingFile): Promise<Report> {
  const ring = await readRing(file)
  return ring.ok ? report(file, ring.value, `${file.path} holds ${keysText(ring.value)}`) : ring
}

async function addKey(file: RingFile): Promise<Report> {
  const ring = await readRing(file)
  if (!ring.ok) return ring
  const next = withNewKey(ring.value)
  const written = await writeRing(file, next)
  if (!written.ok) return written
  return report(
    file,
    next,
    `${file.path} holds ${keysText(next)}`,
    'nothing is sealed with the new one yet: bring it to every instance (`tfe keys export`, `tfe keys import`), where it is read',
    'within five minutes, then `tfe keys rotate` and, for what is sealed already, `tfe keys reseal`',
  )
}

async function exportKeys(
  file: RingFile,
  bundle: string,
  context: CommandEnvironment,
): Promise<Report> {
  const ring = await readRing(file)
  if (!ring.ok) return ring
  const typed = await readNewSecret(context, 'passphrase')
  if (!typed.ok) return fail([{ at: 'passphrase', message: typed.failure }])
  const passphrase = checkPassphrase(typed.value)
  if (!passphrase.ok) return passphrase
  try {
    await writeFile(bundle, `${wrapKeyRing(ring.value, passphrase.value)}\n`, {
      flag: 'wx',
      mode: 0o600,
    })
  } catch (error) {
    return fail([{ at: bundle, message: `${errorText(error)}, wanted to write a new file there` }])
  }
  const verb = versionsOf(ring.value).length === 1 ? 'is' : 'are'
  return ok({
    document: { key_ring: file.path, keys: versionsOf(ring.value), bundle },
    lines: [
      `${keysText(ring.value)} ${verb} in ${bundle}, under the passphrase`,
      'take the two by different ways to the other instance, and remove the file afterwards',
    ],
  })
}

async function importKeys(
  file: RingFile,
  bundle: string,
  context: CommandEnvironment,
): Promise<Report> {
  const text = await textOf(bundle)
  if (!text.ok) return text
  const passphrase = checkPassphrase(await readSecret(context, 'passphrase'))
  if (!passphrase.ok) return passphrase
  const brought = unwrapKeyRing(text.value, passphrase.value)
  if (!brought.ok) return fail(brought.failure.map(({ message }) => ({ at: bundle, message })))
  const own = existsSync(file.path) ? await readRing(file) : ok(NO_KEYS)
  if (!own.ok) return own
  const both = mergeKeyRings(own.value, brought.value)
  if (!both.ok) return fail(both.failure.map(({ message }) => ({ at: file.path, message })))
  const written = await writeRing(file, both.value)
  if (!written.ok) return written
  return report(
    file,
    both.value,
    `${file.path} holds ${keysText(both.value)}`,
    'an instance reads them when it starts, and every five minutes while it serves',
  )
}

async function textOf(bundle: string): Promise<Result<string, readonly Fault[]>> {
  try {
    const { size } = await stat(bundle)
    if (size <= MAX_OCTETS) return ok(await readFile(bundle, 'utf8'))
    const message = `found ${countText(size, 'octet')}, wanted what \`tfe keys export\` wrote`
    return fail([{ at: bundle, message }])
  } catch (error) {
    const message = `${errorText(error)}, wanted what \`tfe keys export\` wrote`
    return fail([{ at: bundle, message }])
  }
}

const ACTIONS: Readonly<
  Record<
    KeysOptions['action'],
    (ring: RingFile, bundle: string, context: CommandEnvironment) => Promise<Report>
  >
> = { list: listKeys, new: addKey, export: exportKeys, import: importKeys }

function checkPassphrase(passphrase: string): Result<string, readonly Fault[]> {
  if (passphrase.length >= MIN_PASSPHRASE) return ok(passphrase)
  const message = `found ${countText(passphrase.length, 'character')}, wanted a passphrase of at least ${MIN_PASSPHRASE}: the bundle may be caught on its way`
  return fail([{ at: 'passphrase', message }])
}

const errorText = (error: unknown): string => `found ${codeOrText(error)}`

const NO_KEYS: KeyRing = { keys: new Map() }
/** As for an administrator's password: who has the bundle may guess without limit, half a second each. */
const MIN_PASSPHRASE = 12
/** A ring has a few lines of 50 octets. */
const MAX_OCTETS = 64 * 1024
