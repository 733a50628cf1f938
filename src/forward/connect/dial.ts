/**
 * One new connection to an upstream, in as many attempts as it takes the TLS library to find the certification path: one,
 * unless what the server sends misleads it.
 */
import type { X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import type { SecureContext } from 'node:tls'
import { fail, type Result } from '../../kernel/types.ts'
import {
  attempt,
  beforeLookup,
  HTTP_OPTIONS,
  serverName,
  wantedName,
  type Attempt,
  type DialPlan,
  type RunningAttempt,
} from './attempt.ts'
import { closeGracefully } from './close-gracefully.ts'
import type { HandedPath } from './handed-paths.ts'
import { isSameChain } from './presented-chain.ts'
import type { UpstreamFailure } from '../upstream-failure.ts'

/** Told once, never at once, how dialling ended; `shown` is the leaf that the server presented. */
export type DialCallback = (
  result: Result<Socket, UpstreamFailure>,
  shown: X509Certificate | undefined,
) => void

/** A connection that may carry requests, or why there is none, within the connect limit. */
export function dial(plan: DialPlan, done: DialCallback, options = HTTP_OPTIONS): void {
  const { handedPaths } = plan
  const place = placeOf(plan)
  let shown: X509Certificate | undefined
  let running: RunningAttempt | undefined
  const deadline = setTimeout(() => {
    const failure = running?.limitFailure() ?? beforeLookup(plan)
    running?.abandon()
    done(fail(failure), shown)
  }, plan.settings.limits.connect)
  const end = ({ result, leaf, allowed }: Attempt): void => {
    clearTimeout(deadline)
    if (allowed !== undefined) plan.onUntrusted(allowed)
    done(result, leaf)
  }
  const connect = (context: SecureContext | undefined, then: (tried: Attempt) => void): void => {
    running = attempt({ ...plan, context }, options, (tried) => {
      shown = tried.leaf ?? shown
      then(tried)
    })
  }
  const byRemembered = ({ context }: HandedPath): void =>
    connect(context, (tried) => {
      if (tried.objection === undefined) return end(tried)
      // It has other certificates by now.
      handedPaths?.forget(place)
      discard(tried)
      byItself()
    })
  const byItself = (): void =>
    connect(plan.context, (tried) => {
      const { leaf, objection: code } = tried
      if (leaf === undefined || code === undefined) return end(tried)
      const handover = handedPaths?.find(place, { leaf, code }, Date.now())
      if (handover === undefined) return end(tried)
      if (handover.kind === 'refused') return end(disputed(tried, handover.code))
      discard(tried)
      byHanded(handover.path, tried)
    })
  const byHanded = (path: HandedPath, before: Attempt): void =>
    connect(path.context, (tried) => {
      const code = tried.objection
      if (code === undefined) {
        if (tried.result.ok) handedPaths?.remember(place, path)
        // What is allowed without a path is not lost with a connection.
        else if (before.result.ok) return lastly(undefined)
        return end(tried)
      }
      discard(tried)
      // Of several servers behind one address, or of an impostor on the way, another one has answered.
      if (!isSameChain(before.leaf, tried.leaf)) return lastly(undefined)
      handedPaths?.refuse(place, path, code)
      if (before.result.ok) lastly(code)
      else end(disputed(before, code))
    })
  // What is allowed without a path is still allowed; `code` is what the library said of the path.
  const lastly = (code: string | undefined): void =>
    connect(plan.context, (tried) =>
      end(code === undefined || tried.objection === undefined ? tried : disputed(tried, code)),
    )
  const remembered = handedPaths?.taken(place, Date.now())
  if (remembered === undefined) byItself()
  else byRemembered(remembered)
}

function discard({ result }: Attempt): void {
  if (result.ok) closeGracefully(result.value)
}

/** Another name may be answered with another certificate. */
export function placeOf(plan: DialPlan): string {
  const { tls } = plan.settings
  const name = tls === undefined ? '' : serverName(tls.sni, wantedName(plan))
  return `${plan.server.name} ${name}`
}

/** The same, told as what it is: our judge says yes, and the TLS library says no. */
export function disputed(tried: Attempt, code: string): Attempt {
  const untrusted = { why: 'disputed', code } as const
  const { result, allowed } = tried
  const isAboutChain = !result.ok && result.failure.kind === 'tls-untrusted'
  return {
    ...tried,
    result: isAboutChain ? fail({ kind: 'tls-untrusted', ...untrusted }) : result,
    allowed: allowed === undefined ? undefined : { ...allowed, untrusted },
  }
}
