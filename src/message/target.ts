/**
 * The request target, read so that no server behind us can read it differently. What two decoders might take for
 * two paths is refused, not repaired: EPMM's worst hole was Apache and Tomcat disagreeing about `/.;/`.
 *
 * Stricter than RFC 9112 §3.2: only origin-form is served, and absolute-form for https is taken apart first (`absoluteForm`). Stricter than RFC 3986: no empty or dot segments, no
 * parameters, no escape that stands for a delimiter, a dot, a percent sign or a control character. More lenient in
 * one thing: characters that RFC 3986 wants escaped and every decoder leaves alone (`"<>[]^{|}` and the backtick)
 * may come bare, as some clients send them.
 */
import { fail, ok, type Result } from '../kernel/types.ts'

/** A request target that means one thing only. */
export interface Target {
  /** Decoded once, and decoding it again would change nothing; for choosing a route, never for forwarding. */
  readonly path: string
  /**
   * The path as a server reads it that drops characters without a width and normalises the others (Unicode NFKC);
   * undefined where that changes nothing. It has the same segments, and has to meet the same row.
   */
  readonly folded: string | undefined
  /** After the first `?`, undecoded; it has no say in routing. */
  readonly query: string | undefined
  /** As the device sent it; this goes to the upstream, octet for octet. */
  readonly raw: string
}

/** Why a target is not served; `at` counts characters from its start. */
export type TargetFault =
  | { readonly kind: 'absolute-form' }
  | { readonly kind: 'asterisk-form' }
  /** What CONNECT takes; also whatever else does not begin with a slash. */
  | { readonly kind: 'authority-form' }
  | { readonly kind: 'too-long'; readonly length: number; readonly limit: number }
  | { readonly kind: 'backslash'; readonly at: number }
  | { readonly kind: 'bad-escape'; readonly at: number }
  | { readonly kind: 'bad-utf-8' }
  | { readonly kind: 'dot-segment'; readonly at: number }
  | { readonly kind: 'double-encoding'; readonly at: number }
  | { readonly kind: 'empty-segment'; readonly at: number }
  | { readonly kind: 'encoded-control'; readonly at: number }
  | { readonly kind: 'encoded-delimiter'; readonly at: number }
  | { readonly kind: 'forbidden-octet'; readonly at: number }
  | { readonly kind: 'fragment'; readonly at: number }
  /** A character that some servers turn into a delimiter, a dot or a percent sign, drop, or take for a line end. */
  | { readonly kind: 'look-alike' }
  | { readonly kind: 'path-parameter'; readonly at: number }
  /** A segment that ends in a dot or a space, which file systems on Windows drop. */
  | { readonly kind: 'trailing-dot'; readonly at: number }

/** A target that names its host besides (RFC 9112 §3.2.2). */
export interface AbsoluteForm {
  readonly authority: string
  /** The same target in origin-form, octet for octet. */
  readonly origin: string
}

/** Takes a target in absolute-form for https apart; undefined for every other. */
export function absoluteForm(raw: string): AbsoluteForm | undefined {
  if (raw.charCodeAt(0) === SLASH) return undefined
  const [whole, authority = ''] = ABSOLUTE.exec(raw) ?? []
  if (whole === undefined) return undefined
  const rest = raw.slice(whole.length)
  // An empty path is the root (RFC 9112 §3.2.1).
  return { authority, origin: rest.startsWith('/') ? rest : `/${rest}` }
}

/** RFC 3986 §3.2: the authority ends at the next slash, question mark or number sign. */
const ABSOLUTE = /^https:\/\/([^/?#]*)/i

/** Reads a request target; the first thing that makes it ambiguous refuses it. */
export function parseTarget(raw: string): Result<Target, TargetFault> {
  if (raw.charCodeAt(0) !== SLASH) return fail(formOf(raw))
  const question = raw.indexOf('?')
  const written = question === -1 ? raw : raw.slice(0, question)
  if (written.length > MAX_PATH) {
    return fail({ kind: 'too-long', length: written.length, limit: MAX_PATH })
  }
  const query = question === -1 ? undefined : raw.slice(question + 1)
  const fault = scanPath(written) ?? (query === undefined ? undefined : scanQuery(raw, question))
  if (fault !== undefined) return fail(fault)
  if (!written.includes('%')) return ok({ path: written, folded: undefined, query, raw })
  const path = decode(written)
  if (!path.ok) return path
  const folded = fold(path.value)
  return folded.ok ? ok({ path: path.value, folded: folded.value, query, raw }) : folded
}

/**
 * RFC 9110 §4.1 asks every recipient for 8,000 octets. A query may be as long as the listener lets a head be: SCEP asks by GET
 * with a message of several kilobytes in it (RFC 8894 §4.1).
 */
const MAX_PATH = 8000

function formOf(raw: string): TargetFault {
  if (raw === '*') return { kind: 'asterisk-form' }
  return { kind: /^[a-z][a-z0-9+.-]*:\/\//i.test(raw) ? 'absolute-form' : 'authority-form' }
}

/** One walk over the path as written; what it lets through falls into the same segments everywhere. */
function scanPath(written: string): TargetFault | undefined {
  let start = 1
  let last = SLASH
  for (let at = 1; at < written.length; at++) {
    const bare = written.charCodeAt(at)
    const octet = bare === PERCENT ? escapedOctet(written, at) : bare
    const kind = bare === PERCENT ? escapeFault(octet) : octetFault(octet)
    if (kind !== undefined) return { kind, at }
    if (bare === SLASH) {
      if (at === start) return { kind: 'empty-segment', at }
      const fault = endFault(written.slice(start, at), last)
      if (fault !== undefined) return { kind: fault, at: start }
      start = at + 1
    }
    if (bare === PERCENT) at += 2
    last = octet
  }
  const fault = endFault(written.slice(start), last)
  return fault === undefined ? undefined : { kind: fault, at: start }
}

/** NaN when the two characters after the percent sign are not hexadecimal digits. */
function escapedOctet(written: string, at: number): number {
  return HEX_PAIR.test(written.slice(at + 1, at + 3))
    ? parseInt(written.slice(at + 1, at + 3), 16)
    : NaN
}

type AtFault = Extract<TargetFault, { readonly at: number }>['kind']

function escapeFault(octet: number): AtFault | undefined {
  if (Number.isNaN(octet)) return 'bad-escape'
  if (octet === PERCENT) return 'double-encoding'
  if (octet < 0x20 || octet === 0x7f) return 'encoded-control'
  return DELIMITERS.has(octet) ? 'encoded-delimiter' : undefined
}

function octetFault(octet: number): AtFault | undefined {
  if (octet < 0x21 || octet > 0x7e) return 'forbidden-octet'
  if (octet === SEMICOLON) return 'path-parameter'
  if (octet === BACKSLASH) return 'backslash'
  return octet === HASH ? 'fragment' : undefined
}

/** A dot at the end of a segment is rare; only then is the segment looked at again. */
function endFault(segment: string, last: number): 'dot-segment' | 'trailing-dot' | undefined {
  if (last !== DOT && last !== SPACE) return undefined
  return /^\.+$/.test(segment) ? 'dot-segment' : 'trailing-dot'
}

function scanQuery(raw: string, from: number): TargetFault | undefined {
  for (let at = from + 1; at < raw.length; at++) {
    const octet = raw.charCodeAt(at)
    if (octet === HASH) return { kind: 'fragment', at }
    if (octet < 0x21 || octet > 0x7e) return { kind: 'forbidden-octet', at }
  }
  return undefined
}

function decode(written: string): Result<string, TargetFault> {
  try {
    // Strict about UTF-8: overlong forms and surrogates (the slash as %C0%AF) do not pass.
    return ok(decodeURIComponent(written))
  } catch {
    return fail({ kind: 'bad-utf-8' })
  }
}

/**
 * The other reading of a path. What it says besides delimiters is for the table to judge: a file may well be named with
 * full-width brackets. A full-width slash or a one-dot leader would be a delimiter for some servers and not for others.
 */
function fold(path: string): Result<string | undefined, TargetFault> {
  if (SHAPE_SHIFTERS.test(path)) return fail({ kind: 'look-alike' })
  const folded = path.replace(WITHOUT_WIDTH, '').normalize('NFKC')
  if (folded === path) return ok(undefined)
  const isOdd =
    // A half becomes a fraction slash, and a full-width yen sign a yen sign.
    SHAPE_SHIFTERS.test(folded) ||
    delimitersOf(folded) !== delimitersOf(path) ||
    FAULTY_SEGMENT.test(folded)
  return isOdd ? fail({ kind: 'look-alike' }) : ok(folded)
}

const delimitersOf = (path: string): string => path.replace(/[^#%./;?\\]/g, '')

/** A segment but the last is empty, or one ends in a dot or a space: refused by `scanPath` where it is written so. */
const FAULTY_SEGMENT = /\/\/|[. ](?:\/|$)/
/** What some servers drop: format characters, and others that show nothing, such as variation selectors. */
const WITHOUT_WIDTH = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu
/**
 * Controls, line ends, and what code pages of Windows map to slashes: the fraction and division slash, the set minus,
 * the yen sign (Japanese) and the won sign (Korean).
 */
const SHAPE_SHIFTERS = /[\p{Cc}\p{Zl}\p{Zp}\u2044\u2215\u2216\u00a5\u20a9]/u
const HEX_PAIR = /^[0-9A-Fa-f]{2}$/
const [SPACE, HASH, PERCENT, DOT] = [0x20, 0x23, 0x25, 0x2e]
const [SLASH, SEMICOLON, BACKSLASH] = [0x2f, 0x3b, 0x5c]
/** Octets that mean something in a path, so that an escaped one is read in two ways: `#./;?\`. */
const DELIMITERS: ReadonlySet<number> = new Set([HASH, DOT, SLASH, SEMICOLON, 0x3f, BACKSLASH])
