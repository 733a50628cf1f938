/** `tfe admin`: the administrators of a running front end. */
import type { CommandResult } from '../command-environment.ts'
import { replaceControlCharacters } from '../text-layout.ts'
import { readNewSecret } from '../read-secret.ts'
import { changeListed } from './change-listed.ts'
import { formatTable, timeCell } from '../table.ts'
import { pathSegment, type CommandContext } from './command-context.ts'

interface AdministratorItem {
  readonly name: string
  readonly role: string
  readonly password: boolean
  readonly certificate_key: string | null
  readonly disabled: boolean
  readonly name_fault: string | null
  readonly version: number
  readonly created: string
}

const BASE = '/api/administrators'
const HEADS = ['NAME', 'ROLE', 'STATE', 'PASSWORD', 'CERTIFICATE KEY', 'CREATED']

/** Lists the administrators. */
export const list = (context: CommandContext): Promise<CommandResult> =>
  context.show<{ readonly items: readonly AdministratorItem[] }>(BASE, ({ items }, view) => [
    ...formatTable(
      HEADS,
      items.map((it) => [
        it.name,
        it.role,
        it.disabled ? 'disabled' : 'enabled',
        it.password ? 'yes' : 'no',
        it.certificate_key,
        timeCell(it.created),
      ]),
      view,
    ),
    ...items.flatMap(({ name, name_fault: fault }) =>
      fault === null ? [] : ['', replaceControlCharacters(`${name}: ${fault}`)],
    ),
  ])

/** Makes an administrator, who signs in by the password that is read, or by a certificate. */
export async function create(context: CommandContext): Promise<CommandResult> {
  const [name, role] = [context.argument(0), context.options.get('role')]
  const keyText = context.options.get('certificate-key')
  const key = keyText === undefined ? undefined : parseKey(keyText)
  if (keyText !== undefined && key === undefined) return keyWanted(keyText)
  const password = key === undefined ? await readPassword(context) : undefined
  if (password?.ok === false) return password.failure
  const body = {
    name,
    role,
    ...(password === undefined ? {} : { password: password.value }),
    ...(key === undefined ? {} : { certificate_key: key }),
  }
  return await context.run<AdministratorItem>({ method: 'POST', path: BASE, body }, (it) => [
    `${it.name} may sign in as ${it.role}`,
  ])
}

/** Replaces a password; the sessions end. */
export async function setPassword(context: CommandContext): Promise<CommandResult> {
  const password = await readPassword(context)
  if (!password.ok) return password.failure
  return await change(context, { password: password.value }, 'has a new password')
}

/** Gives another role; the sessions end. */
export async function setRole(context: CommandContext): Promise<CommandResult> {
  const role = context.argument(1)
  return await change(context, { role }, `is ${role} now`)
}

/** Keeps an administrator from calling, until enabled again. */
export const disable = (context: CommandContext): Promise<CommandResult> =>
  change(context, { disabled: true }, 'is disabled')

/** Ends that. */
export const enable = (context: CommandContext): Promise<CommandResult> =>
  change(context, { disabled: false }, 'is enabled')

/** Registers the key of a client certificate, or takes it away. */
export async function setCertificate(context: CommandContext): Promise<CommandResult> {
  const text = context.argument(1)
  if (text === 'none') {
    return await change(context, { certificate_key: null }, 'signs in by no certificate')
  }
  const key = parseKey(text)
  if (key === undefined) return keyWanted(text)
  return await change(context, { certificate_key: key }, `signs in by the certificate key ${key}`)
}

/** Removes an administrator, with all tokens and sessions. */
export async function remove(context: CommandContext): Promise<CommandResult> {
  const name = context.argument(0)
  return await changeListed<AdministratorItem>(context, {
    list: BASE,
    is: (it) => it.name === name,
    request: { method: 'DELETE', path: pathOf(name) },
    lines: () => [`${name} is removed`],
    done: { removed: name },
  })
}

async function change(context: CommandContext, body: object, done: string): Promise<CommandResult> {
  const name = context.argument(0)
  return await changeListed<AdministratorItem, AdministratorItem>(context, {
    list: BASE,
    is: (it) => it.name === name,
    request: { method: 'PATCH', path: pathOf(name), body },
    lines: () => [`${name} ${done}`],
  })
}

const pathOf = (name: string): string => `${BASE}/${pathSegment(name)}`

async function readPassword(context: CommandContext) {
  return await readNewSecret(context, 'password')
}

/** Lower case, as the API takes it; tools print either. */
const parseKey = (text: string): string | undefined =>
  /^[0-9a-f]{64}$/iu.test(text) ? text.toLowerCase() : undefined

const keyWanted = (text: string): string =>
  `found the key '${text.slice(0, 80)}', wanted the SHA-256 of a public key: 64 hexadecimal digits`
