/**
 * What exactly is asked: arguments and options → a certificate, a device or a reference, and circumstances.
 */
import { existsSync } from 'node:fs'
import { explainInstantFault, parseInstant } from '../../config/reading/units.ts'
import { addressOctets } from '../../kernel/network.ts'
import { fail, ok, type Instant, type Result } from '../../kernel/types.ts'
import type { Circumstances } from '../../state/explain/question.ts'
import type { Options } from '../command-environment.ts'

/** About whom it is asked. */
export type AskedSubject =
  | { readonly kind: 'file'; readonly path: string }
  /** The beginning of a device's id, or of what it is known by. */
  | { readonly kind: 'device'; readonly word: string }
  /** What a device shows that was refused. */
  | { readonly kind: 'reference'; readonly reference: string }

/** What was typed. */
export interface Asked {
  readonly subject: AskedSubject
  readonly circumstances: Circumstances
}

/** Reads arguments and options; a failure says what is wrong with them. */
export function readAsked(word: string | undefined, options: Options): Result<Asked, string> {
  const subject = subjectOf(word, options)
  if (!subject.ok) return subject
  const circumstances = circumstancesOf(options)
  if (!circumstances.ok) return circumstances
  return ok({ subject: subject.value, circumstances: circumstances.value })
}

function subjectOf(word: string | undefined, options: Options): Result<AskedSubject, string> {
  const device = options.get('device')
  const reference = options.get('reference')?.trim().toLowerCase()
  const given = [word, device, reference].filter((one) => one !== undefined)
  if (given.length > 1) return fail(`found ${given.join(' and ')}, wanted one thing to explain`)
  if (device !== undefined) return ok({ kind: 'device', word: device })
  if (reference !== undefined) return ok({ kind: 'reference', reference })
  if (word === undefined) {
    return fail(
      'found nothing to explain, wanted CERT.pem, --device DEVICE or --reference REFERENCE',
    )
  }
  // A word is a file where there is one of that name, or where it can only be one.
  if (existsSync(word) || /[./\\]/u.test(word)) return ok({ kind: 'file', path: word })
  if (REFERENCE.test(word)) return ok({ kind: 'reference', reference: word.toLowerCase() })
  return ok({ kind: 'device', word })
}

/** A whole one; the beginning of one may as well be that of an id. */
const REFERENCE = /^[0-9a-f]{16}(?:-[0-9]{1,10})?$/iu

function circumstancesOf(options: Options): Result<Circumstances, string> {
  const at = instantOf(options.get('at'))
  if (!at.ok) return at
  const from = addressOf(options.get('from'))
  if (!from.ok) return from
  const target = options.get('route')
  if (target?.startsWith('/') === false) {
    return fail(`found --route '${target}', wanted a path, which begins with /`)
  }
  for (const name of ['method', 'host']) {
    if (target === undefined && options.has(name)) {
      return fail(`found --${name} without --route, the path that it belongs to`)
    }
  }
  const method = options.get('method') ?? 'GET'
  return ok({
    listener: options.get('listener'),
    at: at.value,
    request: target === undefined ? undefined : { method, target, host: options.get('host') },
    userAgent: options.get('user-agent'),
    from: from.value,
  })
}

function addressOf(text: string | undefined): Result<string | undefined, string> {
  if (text === undefined || addressOctets(text) !== undefined) return ok(text)
  return fail(`found --from '${text}', wanted an address such as 192.0.2.7 or 2001:db8::7`)
}

function instantOf(text: string | undefined): Result<Instant | undefined, string> {
  if (text === undefined) return ok(undefined)
  const at = parseInstant(text)
  return at.ok ? at : fail(`found --at '${text}', ${explainInstantFault(at.failure)}`)
}
