/**
 * `tfe secrets seal`: seals a secret in the store of a configuration without a front end that serves, so that the first
 * start finds it there; also beside one that does, which takes it over within two seconds.
 */
import { SECRET_NAME } from '../../config/reading/stored-secrets.ts'
import { countText } from '../../kernel/count-text.ts'
import { fail, ok, type Fault, type Result } from '../../kernel/types.ts'
import { printAnswer, printFaultAnswer } from '../answer.ts'
import type { CommandEnvironment, CommandResult } from '../command-environment.ts'
import { EXIT } from '../exit-code.ts'
import { readInput } from '../read-input.ts'
import { MAX_SECRET_OCTETS } from '../../store/secrets/secret-limits.ts'
import { storeFault } from '../../serve/store-sync/configured-store.ts'
import { currentUser, withStore } from './store.ts'

/** What `tfe secrets seal` was given. */
export interface SealSecretOptions {
  readonly file: string
  readonly name: string
  /** The file of the secret; undefined: what is typed, or piped in. */
  readonly from: string | undefined
  readonly json: boolean
}

/** Whatever else a name is, no configuration can take it; the one that the program uses is among these. */
const WRONG_NAME =
  'found a name that no configuration can take, wanted letters, digits, dots, dashes and underscores, a letter or digit first, a hundred at most'

/** Seals it, in place of one of that name. */
export async function sealSecretCommand(
  { file, name, from, json }: SealSecretOptions,
  context: CommandEnvironment,
): Promise<CommandResult> {
  const form = { terminal: context.terminal, json }
  if (!new RegExp(`^${SECRET_NAME}$`, 'u').test(name)) return WRONG_NAME
  const octets = await readOctets(from, context)
  if (!octets.ok) return printFaultAnswer(octets.failure, form)
  const sealed = await withStore({ file, exclusive: false }, context, async (store, configured) => {
    const done = await store.secrets.put(currentUser(), { name, secret: octets.value }, 'any')
    return done.ok ? done : fail([storeFault(configured, done.failure)])
  })
  if (!sealed.ok) return printFaultAnswer(sealed.failure, form)
  const { paint, signs } = context.terminal
  const { keyVersion, version } = sealed.value
  const amount = countText(octets.value.length, 'octet')
  printAnswer(
    {
      document: { outcome: 'sealed', name, key_version: keyVersion, version },
      lines: [`${paint('good', signs.yes)} ${name} is sealed with key ${keyVersion}, ${amount}`],
    },
    form,
  )
  return EXIT.ok
}

async function readOctets(
  from: string | undefined,
  { terminal, stdin }: CommandEnvironment,
): Promise<Result<Buffer, readonly Fault[]>> {
  const wrong = (message: string) => fail([{ at: from ?? 'standard input', message }])
  const octets = await (async () => {
    if (from !== undefined) {
      const read = readInput(from, 'a secret')
      return read.ok ? read.value : read.failure
    }
    if (terminal.askSecret !== undefined) return Buffer.from(await terminal.askSecret('secret: '))
    return await readPiped(stdin)
  })()
  if (typeof octets === 'string') return wrong(octets)
  return octets.length === 0
    ? wrong('found nothing, wanted a secret of at least one octet')
    : ok(octets)
}

/** What is more than a secret may have is left unread; the store refuses what was read by then. */
async function readPiped(stdin: CommandEnvironment['stdin']): Promise<Buffer> {
  const parts: Buffer[] = []
  let octets = 0
  for await (const part of stdin) {
    const bytes = Buffer.from(part as Buffer)
    parts.push(bytes)
    octets += bytes.length
    if (octets > MAX_SECRET_OCTETS) break
  }
  return Buffer.concat(parts)
}
