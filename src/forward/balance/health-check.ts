/**
 * One active check of one server: a connection with the upstream's own identity and verification, but with a
 * switch of its own for SNI (S3-11), and one request on it when a path is given.
 */
import type { Socket } from 'node:net'
import { fail, ok, type Result } from '../../kernel/types.ts'
import { serverName, wantedName, type DialPlan } from '../connect/attempt.ts'
import { dial } from '../connect/dial.ts'
import { explainUpstream, type UpstreamFailure } from '../upstream-failure.ts'
import { closeGracefully } from '../connect/close-gracefully.ts'
import type { ServerNameIndication } from '../../upstream-tls/verification.ts'
import type { CheckSettings, HttpCheck } from '../settings.ts'
import type { Explanation } from '../../kernel/explanation.ts'

/** Why a server did not pass. */
export type CheckFailure =
  UpstreamFailure | { readonly kind: 'check-status'; readonly status: number }

/** Asks once; settles within twice the timeout. */
export function checkServer(
  plan: DialPlan,
  check: CheckSettings,
): Promise<Result<undefined, CheckFailure>> {
  return new Promise((resolve) => {
    dial(withSni(plan, sniOf(plan, check), check.timeout), (dialled) => {
      if (!dialled.ok || check.http === undefined) {
        if (dialled.ok) closeGracefully(dialled.value)
        resolve(dialled.ok ? ok(undefined) : dialled)
        return
      }
      const { http, timeout } = check
      sendHttpCheck(
        dialled.value,
        { http, timeout, authority: http.host ?? plan.server.name },
        resolve,
      )
    })
  })
}

/**
 * Whether the server takes connections as requests make them, when a check that says another server name did not
 * get one: then it is the check that is wrong.
 */
export async function failsBySni(
  plan: DialPlan,
  check: CheckSettings,
  failure: CheckFailure,
): Promise<boolean> {
  const { tls } = plan.settings
  if (tls === undefined || !isAboutTls(failure)) return false
  if (nameIn(plan, sniOf(plan, check)) === nameIn(plan, tls.sni)) return false
  return new Promise((resolve) => {
    dial(withSni(plan, tls.sni, check.timeout), (dialled) => {
      if (dialled.ok) closeGracefully(dialled.value)
      resolve(dialled.ok)
    })
  })
}

/** The failure in the operator's words; `server` is its name. */
export function explainCheck(failure: CheckFailure, server: string): Explanation {
  if (failure.kind !== 'check-status') return explainUpstream(failure, server)
  return {
    sentence: `${server} answered its health check with ${failure.status}`,
    nextStep: 'see what it says of itself there, or correct `health.check.path` and `expect`',
  }
}

/** The same, when `failsBySni` found that the check is wrong and not the server. */
export function explainSni(failure: CheckFailure, plan: DialPlan): Explanation {
  const { sentence } = explainCheck(failure, plan.server.name)
  const name = nameIn(plan, plan.settings.tls?.sni ?? { kind: 'off' })
  const requests = name === '' ? 'without a server name' : `with the server name ${name}`
  return {
    sentence: `${sentence}; it takes connections ${requests}, as requests make them, so only its check fails`,
    nextStep:
      'set `health.check.sni` to `as-requests`, or switch the check off for this server (`check: false`)',
  }
}

function isAboutTls({ kind }: CheckFailure): boolean {
  // Some servers and balancers break off without an alert when they miss the name.
  return kind.startsWith('tls-') || kind === 'reset' || kind === 'connect-timeout'
}

const sniOf = ({ settings }: DialPlan, { sni }: CheckSettings): ServerNameIndication =>
  sni.kind === 'as-requests' ? (settings.tls?.sni ?? { kind: 'off' }) : sni

const nameIn = (plan: DialPlan, sni: ServerNameIndication): string =>
  serverName(sni, wantedName(plan))

function withSni(
  plan: DialPlan,
  sni: ServerNameIndication,
  connect: CheckSettings['timeout'],
): DialPlan {
  const { settings } = plan
  return {
    ...plan,
    settings: {
      ...settings,
      tls: settings.tls === undefined ? undefined : { ...settings.tls, sni },
      limits: { ...settings.limits, connect },
    },
    // Requests say it, and would be counted with the checks.
    onUntrusted: () => {},
  }
}

interface HttpCheckRequest {
  readonly http: HttpCheck
  readonly timeout: CheckSettings['timeout']
  readonly authority: string
}

/** One request, and of its answer the status line. */
function sendHttpCheck(
  socket: Socket,
  { http, timeout, authority }: HttpCheckRequest,
  done: (result: Result<undefined, CheckFailure>) => void,
): void {
  let received = ''
  const settle = (result: Result<undefined, CheckFailure>): void => {
    clearTimeout(deadline)
    socket.off('data', onData).off('close', onClose).destroy()
    done(result)
  }
  const onClose = (): void =>
    settle(fail({ kind: 'reset', during: received === '' ? 'request' : 'response' }))
  const onData = (chunk: Buffer): void => {
    received += chunk.toString('latin1')
    const status = finalStatus(received)
    if (status === 'unfinished' && received.length <= MAX_RECEIVED) return
    if (typeof status === 'string') settle(fail({ kind: 'bad-response', reason: 'no status line' }))
    else if (isExpected(status, http)) settle(ok(undefined))
    else settle(fail({ kind: 'check-status', status }))
  }
  const deadline = setTimeout(
    () => settle(fail({ kind: 'response-timeout', limit: timeout })),
    timeout,
  )
  socket.on('data', onData).once('close', onClose)
  socket.write(
    `${http.method} ${http.path} HTTP/1.1\r\nHost: ${authority}\r\nUser-Agent: tfe-health-check\r\nConnection: close\r\n\r\n`,
  )
}

/** Behind any interim responses (RFC 9110 §15.2). */
function finalStatus(received: string): number | 'nonsense' | 'unfinished' {
  const end = received.indexOf('\r\n')
  if (end === -1) return 'unfinished'
  const status = Number(/^HTTP\/1\.[01] ([1-5][0-9]{2})(?: |$)/.exec(received.slice(0, end))?.[1])
  if (Number.isNaN(status)) return 'nonsense'
  if (status >= 200) return status
  const next = received.indexOf('\r\n\r\n')
  return next === -1 ? 'unfinished' : finalStatus(received.slice(next + 4))
}

const isExpected = (status: number, { expect }: HttpCheck): boolean =>
  expect.some(({ from, to }) => status >= from && status <= to)

/** A status line and a few interim responses; a server that sends more before its status is no HTTP server. */
const MAX_RECEIVED = 4096
