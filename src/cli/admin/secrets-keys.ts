/** `tfe secrets`, and `tfe keys` as far as it asks a running front end: secrets that are kept sealed, and by which key. */
import { countText } from '../../kernel/count-text.ts'
import type { CommandResult } from '../command-environment.ts'
import { EXIT } from '../exit-code.ts'
import { readInput } from '../read-input.ts'
import { changeListed } from './change-listed.ts'
import { formatFacts, formatTable, sentenceText, timeCell } from '../table.ts'
import { pathSegment, type CommandContext } from './command-context.ts'

interface SecretItem {
  readonly name: string
  readonly key_version: number
  readonly version: number
  readonly updated: string
}

const SECRETS = '/api/secrets'
const KEYS = '/api/keys'

/** Lists the names of all secrets, never what they are. */
export const listSecrets = (context: CommandContext): Promise<CommandResult> =>
  context.show<{ readonly items: readonly SecretItem[] }>(SECRETS, ({ items }, view) =>
    formatTable(
      ['NAME', 'SEALED WITH KEY', 'VERSION', 'SINCE'],
      items.map((it) => [it.name, it.key_version, it.version, timeCell(it.updated)]),
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

interface KeyStatus {
  readonly current: number
  readonly held: readonly number[]
  readonly left: number
  readonly lacking: readonly { readonly name: string; readonly seen: string }[]
  readonly warnings: readonly string[]
}

/** Shows where the instances stand with the keys that seal secrets. */
export const keyStatus = (context: CommandContext): Promise<CommandResult> =>
  context.show<KeyStatus>(KEYS, (it, view) => [
    ...formatFacts(
      [
        ['sealed with key', it.current === 0 ? 'none yet' : it.current],
        ['held here', it.held.join(', ') || 'none'],
        ['sealed with another', countText(it.left, 'secret')],
      ],
      view,
    ),
    ...(it.lacking.length === 0
      ? []
      : [
          '',
          ...formatTable(
            ['LACKS THE CURRENT KEY', 'LAST SEEN'],
            it.lacking.map(({ name, seen }) => [name, timeCell(seen)]),
            view,
          ),
        ]),
    ...it.warnings.map((text) => sentenceText(`warning: ${text}`, view)),
  ])

/** Seals with the newest key from now on. */
export const rotateKeys = (context: CommandContext): Promise<CommandResult> =>
  context.change<{ readonly current: number }>(
    KEYS,
    { method: 'POST', path: `${KEYS}/rotate` },
    ({ current }) => [
      `secrets are sealed with key ${current} from now on`,
      'next: `tfe keys reseal` seals those anew that are there already',
    ],
  )

/** Seals anew what is sealed with an older key, call by call until nothing is left. */
export async function resealKeys(context: CommandContext): Promise<CommandResult> {
  let resealed = 0
  for (;;) {
    const response = await context.request<{ readonly resealed: number; readonly left: number }>({
      method: 'POST',
      path: `${KEYS}/reseal`,
      body: {},
    })
    if (!response.ok) return response.failure
    resealed += response.value.body.resealed
    const { left } = response.value.body
    if (left > 0 && response.value.body.resealed > 0) continue
    context.print({ resealed, left }, [
      `${countText(resealed, 'secret')} sealed anew, ${left} left with an older key`,
    ])
    return left === 0 ? EXIT.ok : EXIT.no
  }
}
