/**
 * **Test**: one connection to one server with the settings as they would be used, and everything that can be said
 * about it: each check apart, although strict TLS stops at the first that fails. Nothing is asked of the server, but for one
 * `GET /` where it asked for a client certificate: some servers refuse a missing one with their first response alone.
 */
import type { X509Certificate } from 'node:crypto'
import { connect as connectTcp, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { TLSSocket } from 'node:tls'
import { unreachable } from '../../kernel/types.ts'
import { dialFailure } from '../connect/dial-failure.ts'
import {
  afterLookup,
  beforeLookup,
  HTTP_OPTIONS,
  openSocket,
  serverName,
  transportOf,
  wantedName,
  type DialPlan,
} from '../connect/attempt.ts'
import { placeOf } from '../connect/dial.ts'
import { explainUpstream, type UpstreamFailure } from '../upstream-failure.ts'
import { closeGracefully } from '../connect/close-gracefully.ts'
import { isSameChain } from '../connect/presented-chain.ts'
import { strictTlsFailures } from '../connect/untrusted.ts'
import { chainObjection, verifyServer } from '../connect/verify-server.ts'
import { certificateRequest, type CertificateRequest } from './certificate-request.ts'
import { demandFailure, explainDemand, type CertificateFailure } from './demanded-certificate.ts'
import { firstAnswer, type FirstAnswer } from './first-answer.ts'
import { OutgoingTap } from './outgoing-tap.ts'
import { chainReport, type CertificateReport } from '../connect/shown-certificate.ts'
import type { Explanation } from '../../kernel/explanation.ts'

/** What a test found. */
export interface TestReport {
  readonly upstream: string
  readonly server: string
  /** `undefined` sends none. */
  readonly sni: string | undefined
  /** `undefined` when there was no TLS: the connection failed before, or the upstream is `http:`. */
  readonly tls: TlsFacts | undefined
  /** Every failure, those that are only logged included. */
  readonly failures: readonly ExplainedFailure[]
  /** Whether requests would be carried: without strict TLS in spite of failures of verification, and of those that Allow and Log allows. */
  readonly usable: boolean
  /** Milliseconds until there was a connection. */
  readonly duration: number
}

export interface ExplainedFailure extends Explanation {
  readonly code: UpstreamFailure['kind'] | CertificateFailure['kind']
}

/** What was agreed on and shown. */
export interface TlsFacts {
  readonly protocol: string
  /** OpenSSL's spelling, and IANA's. */
  readonly suite: string
  readonly standardSuite: string
  /** `undefined` where the key exchange has none, as in RSA. */
  readonly group: string | undefined
  readonly alpn: string | undefined
  readonly chain: readonly CertificateReport[]
  readonly hostname: Check
  readonly trust: Check
  /**
   * What the TLS library said of the chain before it was handed the path that our judge found in it; `undefined` where it
   * needed none. Other clients may refuse such a server.
   */
  readonly alone: string | undefined
  readonly pins: Check
  /** Whether the server asked for our certificate, and was shown one. */
  readonly clientCertificate: CertificateRequest
  /** The status that it answered `GET /` with, which it is asked where it asked for our certificate. */
  readonly answered: number | undefined
}

/** One check; `not-asked` where the settings ask for none. */
export type Check = 'failed' | 'not-asked' | 'passed'

/** What the server of a test speaks. */
export interface TestOptions {
  /** False where octets are relayed to it, which are asked nothing. */
  readonly http: boolean
}

/** Connects once; settles within the connect limit and a little. */
export async function testServer(
  plan: DialPlan,
  { http }: TestOptions = { http: true },
): Promise<TestReport> {
  const { settings, server } = plan
  const begun = performance.now()
  const { socket, broken, facts, request } = await withFoundPath(plan, await look(plan))
  const duration = Math.round(performance.now() - begun)
  const { tls } = facts
  const asked = request !== 'not-asked'
  const answer =
    tls !== undefined && asked && http && socket instanceof TLSSocket
      ? await firstAnswer(socket, { host: wantedName(plan), timeout: ANSWER_MS })
      : undefined
  const late = await lateFailure(socket, { facts, answer }, server.hostname)
  closeGracefully(socket)
  const fatal = broken ?? late
  const demand = demandFailure({ request, fatal, answer })
  const ends = demand ?? fatal
  const failures: readonly (UpstreamFailure | CertificateFailure)[] =
    ends === undefined ? facts.failures : [...facts.failures, ends]
  const sni = settings.tls === undefined ? '' : serverName(settings.tls.sni, wantedName(plan))
  return {
    upstream: settings.name,
    server: server.name,
    sni: sni === '' ? undefined : sni,
    tls: tls && {
      ...tls,
      clientCertificate: request,
      answered: answer?.kind === 'answered' ? answer.status : undefined,
    },
    failures: failures.map((one) => ({ code: one.kind, ...explained(one, server.name) })),
    usable: ends === undefined && !facts.refused,
    duration,
  }
}

const explained = (one: UpstreamFailure | CertificateFailure, server: string): Explanation =>
  one.kind === 'client-certificate-missing' || one.kind === 'client-certificate-refused'
    ? explainDemand(one, server)
    : explainUpstream(one, server)

/** What went wrong once there was a connection. */
function lateFailure(
  socket: Socket,
  { facts, answer }: { readonly facts: Facts; readonly answer: FirstAnswer | undefined },
  hostname: string,
): Promise<UpstreamFailure | undefined> | UpstreamFailure | undefined {
  if (facts.tls === undefined) return undefined
  if (answer === undefined) return lateRefusal(socket, hostname)
  if (answer.kind !== 'broken') return undefined
  return answer.error === undefined
    ? { kind: 'reset', during: 'request' }
    : dialFailure(answer.error, hostname)
}

/** A connection as it was found. */
interface Look {
  readonly socket: Socket
  readonly broken: UpstreamFailure | undefined
  readonly facts: Facts
  readonly request: CertificateRequest
}

async function look(plan: DialPlan): Promise<Look> {
  const { socket, tcp, tap } = openTapped(lenient(plan))
  const broken = await opened({ socket, tcp }, plan)
  // The last message of the handshake is sent behind the event.
  await setImmediate()
  const facts = broken === undefined && socket instanceof TLSSocket ? factsOf(plan, socket) : NONE
  const request = tap === undefined ? 'not-asked' : certificateRequest(tap.sent)
  return { socket, broken, facts, request }
}

/** What our side says is looked at on its way. */
function openTapped(plan: DialPlan): Opening & { readonly tap: OutgoingTap | undefined } {
  if (plan.context === undefined) {
    const socket = openSocket(plan)
    return { socket, tcp: socket, tap: undefined }
  }
  const tcp = connectTcp(transportOf(plan, HTTP_OPTIONS))
  const tap = new OutgoingTap(tcp)
  return { socket: openSocket(plan, HTTP_OPTIONS, tap), tcp, tap }
}

/** A connection, and the one below it. */
interface Opening {
  readonly socket: Socket
  readonly tcp: Socket
}

/** Where the TLS library does not find the path that our judge finds, it is handed that one, as for a request. */
async function withFoundPath(plan: DialPlan, alone: Look): Promise<Look> {
  const { objection } = alone.facts
  if (objection === undefined) return alone
  const handover = plan.handedPaths?.find(placeOf(plan), objection, Date.now())
  if (handover === undefined) return alone
  if (handover.kind === 'refused') return disputed(alone, handover.code)
  const helped = await look({ ...plan, context: handover.path.context })
  const { tls, objection: second } = helped.facts
  if (tls === undefined || second !== undefined) {
    closeGracefully(helped.socket)
    // Of several servers behind one address another one may have answered.
    const isAbout = isSameChain(objection.leaf, second?.leaf)
    return second !== undefined && isAbout ? disputed(alone, second.code) : alone
  }
  closeGracefully(alone.socket)
  return { ...helped, facts: { ...helped.facts, tls: { ...tls, alone: objection.code } } }
}

/** Our judge says yes, and the TLS library says no. */
function disputed(alone: Look, code: string): Look {
  const failures = alone.facts.failures.map((one) =>
    one.kind === 'tls-untrusted'
      ? ({ kind: 'tls-untrusted', why: 'disputed', code } as const)
      : one,
  )
  return { ...alone, facts: { ...alone.facts, failures } }
}

/** Refuses nothing, so that everything can be looked at. */
function lenient(plan: DialPlan): DialPlan {
  const { settings } = plan
  if (settings.tls === undefined) return plan
  return { ...plan, settings: { ...settings, tls: { ...settings.tls, strict: false } } }
}

/** Why there is no connection, if there is none. */
function opened({ socket, tcp }: Opening, plan: DialPlan): Promise<UpstreamFailure | undefined> {
  const { promise, resolve } = Promise.withResolvers<UpstreamFailure | undefined>()
  let limitFailure = beforeLookup(plan)
  const deadline = setTimeout(() => {
    resolve(limitFailure)
    socket.destroy()
  }, plan.settings.limits.connect)
  tcp.once('lookup', () => {
    limitFailure = afterLookup(plan)
  })
  socket.on('error', (error) => resolve(dialFailure(error, plan.server.hostname)))
  socket.once('close', () => resolve({ kind: 'reset', during: 'handshake' }))
  socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', () => resolve(undefined))
  return promise.finally(() => clearTimeout(deadline))
}

/**
 * TLS 1.3: a server that misses our certificate, or dislikes it, says so only after the handshake (RFC 8446
 * §4.4.2.4). A session ticket says that it is content; without either we wait no longer than a person does.
 */
async function lateRefusal(socket: Socket, hostname: string): Promise<UpstreamFailure | undefined> {
  if (!(socket instanceof TLSSocket) || socket.getProtocol() !== 'TLSv1.3') return undefined
  const { promise, resolve } = Promise.withResolvers<UpstreamFailure | undefined>()
  const deadline = setTimeout(() => resolve(undefined), LATE_MS)
  const refused = (error: Error): void => resolve(dialFailure(error, hostname))
  socket.once('session', () => resolve(undefined))
  socket.once('_tlsError', refused).once('error', refused)
  // Node tells of the end before it tells of the alert that caused it.
  socket.once('close', () => {
    void setImmediate().then(() => resolve({ kind: 'reset', during: 'handshake' }))
  })
  socket.resume()
  return promise.finally(() => clearTimeout(deadline))
}

interface Facts {
  readonly tls: TlsFacts | undefined
  readonly failures: readonly UpstreamFailure[]
  /** Whether a connection that is to carry requests would be refused for one of them. */
  readonly refused: boolean
  /** What the TLS library holds against the chain of this leaf. */
  readonly objection: { readonly leaf: X509Certificate; readonly code: string } | undefined
}

const NONE: Facts = { tls: undefined, failures: [], refused: false, objection: undefined }

function factsOf(plan: DialPlan, socket: TLSSocket): Facts {
  const leaf = socket.getPeerX509Certificate()
  const { tls } = plan.settings
  if (leaf === undefined || tls === undefined) return NONE
  const demands = { tls, wanted: wantedName(plan), checkPath: plan.checkPath }
  const verified = verifyServer(demands, socket, leaf)
  const { untrusted, mismatch, unpinned } = verified.faults
  const failures = strictTlsFailures(verified.faults)
  const { name, standardName } = socket.getCipher()
  const facts: TlsFacts = {
    protocol: socket.getProtocol() ?? 'unknown',
    suite: name,
    standardSuite: standardName,
    group: groupOf(socket),
    alpn: socket.alpnProtocol || undefined,
    chain: chainReport(leaf),
    hostname: mismatch === undefined ? 'passed' : 'failed',
    trust: untrusted === undefined ? 'passed' : 'failed',
    alone: undefined,
    clientCertificate: 'not-asked',
    answered: undefined,
    pins: tls.pins.length === 0 ? 'not-asked' : unpinned === undefined ? 'passed' : 'failed',
  }
  const code = chainObjection(socket)
  return {
    tls: facts,
    failures,
    refused: verified.refusal !== undefined,
    objection: code === undefined ? undefined : { leaf, code },
  }
}

/** The key exchange by name; finite fields before TLS 1.3 have a size instead. */
export function groupOf(socket: TLSSocket): string | undefined {
  const info = socket.getEphemeralKeyInfo()
  if (info === null || !('type' in info)) return undefined
  const { type, size } = info
  if (type === 'DH') return `DH ${size}`
  return 'name' in info ? info.name : undefined
}

/** How a check reads. */
export function checkText(check: Check): string {
  switch (check) {
    case 'failed':
      return 'failed'
    case 'not-asked':
      return 'not asked for'
    case 'passed':
      return 'passed'
    default:
      return unreachable(check)
  }
}

/** Two round trips of a bad link; servers without session tickets cost this much. */
const LATE_MS = 500
/** A person waits; a server that is slower than this with its first response has not refused us so far. */
const ANSWER_MS = 3000
