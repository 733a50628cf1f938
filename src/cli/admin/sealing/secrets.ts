/** `tfe secrets`: secrets that the store keeps sealed. */
import { countText } from '../../../kernel/count-text.ts'
import type { CommandResult } from '../../command-environment.ts'
import { readInput } from '../../read-input.ts'
import { changeListed } from '../change-listed.ts'
import { formatTable, timeCell } from '../../table.ts'
import { pathSegment, type CommandContext } from '../command-context.ts'

interface SecretItem {
  readonly name: string
  readonly key_version: number
  readonly version: number
  readonly updated: string
}

interface ListedSecret extends SecretItem {
  readonly used_by: readonly string[]
}

const SECRETS = '/api/secrets'

/** Lists the names of all secrets, never what they are. */
export const listSecrets = (context: CommandContext): Promise<CommandResult> =>
  context.show<{ readonly items: readonly ListedSecret[] }>(SECRETS, ({ items }, view) =>
    formatTable(
      ['NAME', 'SEALED WITH KEY', 'VERSION', 'SINCE', 'TAKEN BY'],
      items.map((it) => [
        it.name,
        it.key_version,
        it.version,
        timeCell(it.updated),
        it.used_by.join(', ') || 'nothing',
      ]),
      view,
    ),
  )

/** Seals a secret, octet for octet as it is read. */
export async function putSecret(context: CommandContext): Promise<CommandResult> {
  const name = context.argument(0)
  const octets = await readValue(context)
  if (typeof octets === 'string') return octets
  if (octets.length === 0) return `found an empty value for ${name}, wanted at least one octet`
  return await changeListed<SecretItem, SecretItem>(context, {
    list: SECRETS,
    is: (it) => it.name === name,
    request: { method: 'PUT', path: pathOf(name), body: { secret: octets.toString('base64') } },
    lines: (it) => [
      `${it.name} is sealed with key ${it.key_version}, ${countText(octets.length, 'octet')}`,
    ],
  })
}

/** From a file, from a person who is not shown what they type, or from what is piped. */
async function readValue({ options, terminal, stdin }: CommandContext): Promise<Buffer | string> {
  const file = options.get('file')
  if (file !== undefined) {
    const read = readInput(file, 'a secret')
    return read.ok ? read.value : read.failure
  }
  if (terminal.askSecret !== undefined) return Buffer.from(await terminal.askSecret('secret: '))
  const parts: Buffer[] = []
  for await (const part of stdin) parts.push(Buffer.from(part as Buffer))
  return Buffer.concat(parts)
}

/** Removes a secret. */
export async function removeSecret(context: CommandContext): Promise<CommandResult> {
  const name = context.argument(0)
  return await changeListed<SecretItem>(context, {
    list: SECRETS,
    is: (it) => it.name === name,
    request: { method: 'DELETE', path: pathOf(name) },
    lines: () => [`${name} is removed`],
    done: { removed: name },
  })
}

const pathOf = (name: string): string => `${SECRETS}/${pathSegment(name)}`
