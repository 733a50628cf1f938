/**
 * Which accounts a request speaks of, by its own account. None of it is believed: a name can only bring limits with
 * it, never take one away, so a client that hides its name, or gives several, is limited by its address all the same.
 */
import { createHmac } from 'node:crypto'

/** What could be seen of a request without waiting for more of it. */
export interface RequestView {
  readonly method: string
  /** The request target, query included. */
  readonly target: string
  readonly headers: AccountHeaders
  /** The first octets of the body. */
  readonly body: Buffer
  /** Nothing of the body was left unseen. */
  readonly whole: boolean
}

/** The fields that may name an account, or say how the body is to be read. */
export interface AccountHeaders {
  readonly authorization?: string | undefined
  readonly 'content-type'?: string | undefined
  readonly 'content-encoding'?: string | undefined
}

/** The names that a request gives, as they are remembered. */
export interface AccountNames {
  /** Hashes; never the names. */
  readonly accounts: readonly string[]
  /** One name only, and nothing unread in which the server could find another. */
  readonly isSure: boolean
}

/** Whose the name in `Authorization: Basic` is: in RFC 6749 §2.3.1 that of the client program, if a form names the account. */
export type BasicNameOwner = 'account' | 'client'

/** Reads the names; with `key`, a hash that is seen cannot be compared with guessed names. */
export function accountNamesOf(
  view: RequestView,
  basicOwner: BasicNameOwner,
  key: Buffer,
): AccountNames {
  const { headers, target, body, whole } = view
  const question = target.indexOf('?')
  const query = new URLSearchParams(question === -1 ? '' : target.slice(question + 1))
  const form = new URLSearchParams(formText(body, whole))
  const inQuery = query.getAll('username')
  const inForm = form.getAll('username')
  const written = [...firstAndLast(inQuery), ...firstAndLast(inForm)]
  const isOne = new Set([...inQuery, ...inForm]).size <= 1
  const basic = basicName(headers.authorization)
  const counted = basic !== undefined && (basicOwner === 'account' || written.length === 0)
  const names = [...(counted ? [basic] : []), ...written].map(normalised)
  const accounts = [...new Set(names.filter((name) => name !== ''))].map((name) => hash(name, key))
  return { accounts, isSure: isOne && accounts.length === 1 && isReadable(view) }
}

/** A server takes the first or the last of several; more would fill our memory with made-up names. */
const firstAndLast = (values: readonly string[]): readonly string[] =>
  values.length < 3 ? values : [...values.slice(0, 1), ...values.slice(-1)]

/** Of a body that goes on, the last pair may be cut in the middle of a name. */
function formText(body: Buffer, whole: boolean): string {
  const text = body.toString('utf8')
  return whole ? text : text.slice(0, Math.max(0, text.lastIndexOf('&')))
}

/** RFC 7617 §2: everything before the first colon. */
function basicName(authorization: string | undefined): string | undefined {
  const [, token] = /^basic +([\w+/=-]+) *$/iu.exec(authorization ?? '') ?? []
  if (token === undefined) return undefined
  const [name = ''] = Buffer.from(token, 'base64').toString('utf8').split(':', 1)
  return name
}

/** Servers seldom tell `Ann` from `ann `; who has one account must not have one for each spelling. */
const normalised = (name: string): string => name.normalize('NFKC').trim().toLowerCase()

/** Half of an HMAC-SHA256: no two names collide in practice, and it fits a line. */
const hash = (name: string, key: Buffer): string =>
  createHmac('sha256', key).update(name).digest('hex').slice(0, 32)

/** Whether there is no body, or a form that was read to its end. */
function isReadable({ headers, body, whole }: RequestView): boolean {
  if (!whole) return false
  if (body.length === 0) return true
  return headers['content-encoding'] === undefined && FORM.test(headers['content-type'] ?? '')
}

const FORM = /^application\/x-www-form-urlencoded *(?:;|$)/iu
