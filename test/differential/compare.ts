/** Judges what two paths made of one input: the same, a difference that was argued for, or a fault. */
import { readRequests } from '../corpora/http1-strict.ts'
import type { Played } from './play.ts'
import { readUpstream, type UpstreamReading } from './upstream-octets.ts'

/** What one path made of an input. */
export interface Outcome extends UpstreamReading {
  readonly answers: readonly number[]
  readonly isClosed: boolean
}

/** Reads what was played in the form in which it is compared. */
export function outcomeOf(
  { answers, isClosed, upstream }: Played,
  writer: 'node' | 'ours',
): Outcome {
  return { answers, isClosed, ...readUpstream(upstream, writer) }
}

/** Why two outcomes may differ; the words are those of the summary. */
export type DifferenceClass = (typeof CLASSES)[number]['name']

/** The verdict on two outcomes. */
export type Compared =
  | { readonly kind: 'same' }
  | { readonly kind: 'argued'; readonly name: DifferenceClass }
  | { readonly kind: 'fault'; readonly what: string }

/** Compares our outcome with that of Node's path. */
export function compared(octets: string, node: Outcome, ours: Outcome): Compared {
  if (isSame(node, ours)) return { kind: 'same' }
  // Whatever the reason: no request and no part of one reaches the upstream that Node's path would have kept from it.
  if (!forwardsNoMore(node, ours)) return { kind: 'fault', what: 'more was forwarded' }
  const found = CLASSES.find(({ holds }) => holds(octets, node, ours))
  return found === undefined
    ? { kind: 'fault', what: 'the outcomes differ' }
    : { kind: 'argued', name: found.name }
}

/** What is wrong with our outcome by itself; undefined where nothing is. */
export function ownFault({ upstream, isOver }: Played): string | undefined {
  if (!isOver) return 'the connection outlived its device'
  const rest = upstream.map((octets) => readRequests(octets).rest)
  const malformed = rest.find(({ kind }) => kind === 'malformed')
  return malformed && `the upstream was sent what is malformed: ${JSON.stringify(malformed)}`
}

/**
 * Whether two outcomes of ours differ only in what has to depend on time: a refusal that is given before its request's body has
 * arrived ends the connection (RFC 9112 §9.3), and where that body is found broken first, there is no answer at all.
 * How much of an unfinished body was passed on depends on time as well.
 */
export function isSameButForTime(one: Outcome, other: Outcome): boolean {
  const [less, more] =
    one.answers.length < other.answers.length || (one.isClosed && !other.isClosed)
      ? [one, other]
      : [other, one]
  if (equal(one.answers, other.answers) && equal(one.requests, other.requests)) {
    return one.isClosed === other.isClosed || more.answers.some(isRefusal)
  }
  const isRefused = more.answers.slice(Math.max(0, less.answers.length - 1)).some(isRefusal)
  return (
    less.isClosed &&
    isRefused &&
    isPrefix(less.answers, more.answers) &&
    isPrefix(less.requests, more.requests)
  )
}

const isSame = (one: Outcome, other: Outcome): boolean =>
  equal(one.answers, other.answers) &&
  one.isClosed === other.isClosed &&
  equal(one.requests, other.requests) &&
  equal(one.unfinished, other.unfinished)

const forwardsNoMore = (node: Outcome, ours: Outcome): boolean =>
  isPrefix(ours.requests, node.requests) &&
  ours.unfinished.every((text) =>
    [...node.unfinished, ...node.requests].some((other) => other.startsWith(text)),
  )

interface Class {
  readonly name: string
  readonly holds: (octets: string, node: Outcome, ours: Outcome) => boolean
}

const CLASSES = [
  {
    /**
     * A body is gathered before a server is asked, so that of one which never comes to its end the upstream sees nothing. A proxy
     * may buffer, and an incomplete request is not to be carried out (RFC 9112 §8).
     */
    name: 'an unfinished request is kept back',
    holds: (_, node, ours) =>
      equal(node.answers, ours.answers) &&
      node.isClosed === ours.isClosed &&
      equal(node.requests, ours.requests),
  },
  {
    /**
     * One blank stands between the parts of a request line, and the protocol is HTTP (RFC 9112 §3); a lenient reading is allowed
     * and not wanted ("SHOULD respond with a 400", §3). Methods of RTSP (RFC 7826) and of Icecast are none of HTTP.
     */
    name: 'a request line that is none of HTTP',
    holds: (octets, node, ours) =>
      ODD_LINE.test(octets) && refusesFirst(node, ours, (status) => status === 400),
  },
  {
    /**
     * A transfer coding other than chunked is answered 501 (RFC 9112 §6.1), or 400 in HTTP/1.0, where Node's parser breaks off
     * with 400 or nothing. An empty one is refused by the pipeline, when the head is whole, and not by the parser.
     */
    name: 'a transfer coding that is not undone',
    holds: (octets, node, ours) =>
      ODD_CODING.test(octets) &&
      equal(node.requests, ours.requests) &&
      node.isClosed &&
      [node, ours].some(({ answers }) => isRefusal(answers.at(-1) ?? 0)) &&
      isPrefixBut(node.answers, ours.answers),
  },
  {
    /** A length that a tab follows is refused by the one parser and trimmed by the other; stricter is right (RFC 9112 §6.3). */
    name: 'a length with a tab behind it',
    holds: (octets, node, ours) =>
      /content-length:[ \t]*\d+ *\t/i.test(octets) &&
      refusesFirst(node, ours, (status) => status === 400),
  },
  {
    /** `close` ends a connection whatever stands beside it (RFC 9112 §9.3); HTTP/1.0 with `keep-alive` is kept by Node. */
    name: 'a connection that is closed and kept alive',
    holds: (octets, node, ours) =>
      /connection:[^\r\n]*close/i.test(octets) &&
      ours.isClosed &&
      isPrefix(ours.answers, node.answers),
  },
  {
    /**
     * A server ought to limit the extensions of chunks (RFC 9112 §7.1.1). Ours counts with them all else that stands between two
     * octets of a body, and so refuses some octets earlier than Node.
     */
    name: 'chunks that say too much of themselves',
    holds: (octets, node, ours) =>
      /\r\n[0-9a-f]+;[^\r\n]{16000}/i.test(octets) &&
      ours.isClosed &&
      isPrefix(ours.answers, node.answers),
  },
  {
    /**
     * We upgrade to nothing, so that a request has the body that its fields say (RFC 9112 §6.3, RFC 9110 §7.8), and one that is
     * broken ends the connection; Node's parser reads none behind such a head and waits.
     */
    name: 'a body behind a head that asks for an upgrade',
    holds: (octets, node, ours) =>
      /upgrade/i.test(octets) &&
      /transfer-encoding|content-length/i.test(octets) &&
      ours.isClosed &&
      isPrefix(ours.answers, node.answers),
  },
] as const satisfies readonly Class[]

/** Our answers are those of Node's path up to a refusal, which is the last. */
function refusesFirst(
  node: Outcome,
  ours: Outcome,
  isExpected: (status: number) => boolean,
): boolean {
  const last = ours.answers.at(-1)
  return (
    last !== undefined &&
    ours.isClosed &&
    isExpected(last) &&
    isPrefix(ours.answers.slice(0, -1), node.answers)
  )
}

/** The answers are the same up to the last of either, which is a refusal or missing. */
const isPrefixBut = (node: readonly number[], ours: readonly number[]): boolean =>
  isPrefix(ours.slice(0, -1), node) && isPrefix(node.slice(0, -1), ours)

const METHODS_OF_OTHERS =
  'SOURCE|PRI|DESCRIBE|ANNOUNCE|SETUP|PLAY|PAUSE|TEARDOWN|GET_PARAMETER|SET_PARAMETER|REDIRECT|RECORD|FLUSH'
const ODD_LINE = new RegExp(
  `(?:${METHODS_OF_OTHERS}) |[A-Z-]+ {2,}\\S+ +HTTP/|[A-Z-]+ +\\S+ {2,}HTTP/|(?:RTSP|ICE)/1\\.0|[A-Z-]+ +\\S+\\n`,
)
const ODD_CODING = /transfer-encoding[ \t]*:(?![ \t]*chunked\r\n)/i

const isRefusal = (status: number): boolean => status >= 400

const equal = <Item>(one: readonly Item[], other: readonly Item[]): boolean =>
  one.length === other.length && isPrefix(one, other)

const isPrefix = <Item>(short: readonly Item[], long: readonly Item[]): boolean =>
  short.length <= long.length && short.every((item, index) => item === long[index])
