/**
 * What exactly is asked: options → a question about one listener, one time and perhaps one request.
 */
import { explainInstantFault, parseInstant } from '../../config/reading/units.ts'
import { addressOctets } from '../../kernel/network.ts'
import { fail, type Instant, ok, type Result } from '../../kernel/types.ts'
import type { CompiledListener, CompiledConfig } from '../../state/compiled-config.ts'
import { timestampText } from '../format-time.ts'
import { localTimeText } from '../local-time.ts'
import { unknownNameText } from '../text-layout.ts'

/** Everything but the certificate. */
export interface ExplainQuery {
  readonly listener: CompiledListener
  readonly at: Instant
  /** Undefined asks about every class of route that the listener has. */
  readonly request: { readonly method: string; readonly target: string } | undefined
  /** What the client says of itself. */
  readonly userAgent: string | undefined
  /** The address it calls from; `undefined` is one that every row allows. */
  readonly from: string | undefined
  /** How points in time are told. */
  readonly timeText: (instant: Instant) => string
}

/** Reads the options of `tfe explain`; a failure says what is wrong with them. */
export function parseExplainQuery(
  options: ReadonlyMap<string, string>,
  compiled: CompiledConfig,
  timeZone: string,
): Result<ExplainQuery, string> {
  const at = instantOf(options.get('at'))
  if (!at.ok) return at
  const listener = listenerOf(options.get('listener'), compiled)
  if (!listener.ok) return listener
  const from = addressOf(options.get('from'))
  if (!from.ok) return from
  const target = options.get('route')
  if (target?.startsWith('/') === false) {
    return fail(`found --route '${target}', wanted a path, which begins with /`)
  }
  const method = options.get('method')
  if (target === undefined && method !== undefined) {
    return fail('found --method without --route, the path that it belongs to')
  }
  const request = target === undefined ? undefined : { method: method ?? 'GET', target }
  return ok({
    listener: listener.value,
    at: at.value,
    request,
    userAgent: options.get('user-agent'),
    from: from.value,
    // Programs read RFC 3339, wherever they run.
    timeText: options.has('json')
      ? timestampText
      : (instant) => localTimeText(instant, timeZone, 'second'),
  })
}

function addressOf(text: string | undefined): Result<string | undefined, string> {
  if (text === undefined || addressOctets(text) !== undefined) return ok(text)
  return fail(`found --from '${text}', wanted an address such as 192.0.2.7 or 2001:db8::7`)
}

function instantOf(text: string | undefined): Result<Instant, string> {
  if (text === undefined) return ok(Date.now() as Instant)
  const at = parseInstant(text)
  return at.ok ? at : fail(`found --at '${text}', ${explainInstantFault(at.failure)}`)
}

function listenerOf(
  wanted: string | undefined,
  { listeners }: CompiledConfig,
): Result<CompiledListener, string> {
  const names = [...listeners.keys()]
  const listener = listeners.get(wanted ?? names[0] ?? '')
  if (listener !== undefined) return ok(listener)
  return fail(unknownNameText(`there is no listener '${wanted ?? ''}'`, wanted ?? '', names))
}
