/**
 * Every case once more, over TLS, on the running front end: the same verdicts as the pure core, or a fault.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Profile } from '../../src/trust/limits.ts'
import { type SettingFiles, writeCase } from './case-files.ts'
import { readAll, type Case, type Verdict } from './limbo.ts'
import { type Answer, call } from './live-client.ts'
import type { Line } from '../support/front-ends/product.ts'
import { LiveFrontEnd, type Trust } from './live-front-end.ts'
import { exceptions, PROFILES } from './verdicts.ts'

/** One case under one profile, judged twice. */
export interface LiveRow {
  readonly limbo: Case
  readonly profile: Profile
  readonly pure: Verdict
  readonly answer: Answer
  /** The code in the front end's log. */
  readonly code: string | undefined
  /** How many of the anchors the configuration took. */
  readonly anchorsTaken: number
}

export interface LiveCase {
  readonly limbo: Case
  readonly pure: Readonly<Record<Profile, Verdict>>
}

/** Plays all cases, those of the same time on one front end. */
export async function playLive(
  cases: readonly LiveCase[],
  folder: string,
  progress: (text: string) => void,
): Promise<readonly LiveRow[]> {
  await using upstream = await answering()
  const rows: LiveRow[] = []
  const groups = Map.groupBy(cases, ({ limbo }) => limbo.validation_time ?? undefined)
  for (const [index, [at, group]] of [...groups].entries()) {
    const own = join(folder, `live-${index}`)
    const options = { at, folder: own, upstreamPort: upstream.port }
    const tell = (played: number): void =>
      progress(`live, at ${at ?? 'this very time'}: ${played} of ${group.length} in both profiles`)
    rows.push(...(await playGroup(group, options, tell)))
  }
  return rows
}

type GroupOptions = Parameters<typeof LiveFrontEnd.start>[0]

async function playGroup(
  group: readonly LiveCase[],
  options: GroupOptions,
  tell: (played: number) => void,
): Promise<readonly LiveRow[]> {
  const played: (Omit<LiveRow, 'code'> & { readonly path: string })[] = []
  const lines: (readonly Line[])[] = []
  {
    await using frontEnd = await LiveFrontEnd.start(options)
    lines.push(frontEnd.lines)
    for (const [index, { limbo, pure }] of group.entries()) {
      const files = writeCase(limbo, join(options.folder, `case-${index}`))
      for (const profile of PROFILES) {
        const depth = limbo.max_chain_depth
        const anchorsTaken = await trust(frontEnd, files.settings, { profile, depth })
        const path = `/case/${index}/${profile}`
        const answer = await call(frontEnd.port, path, files)
        played.push({ limbo, profile, pure: pure[profile], answer, anchorsTaken, path })
      }
      if ((index + 1) % TELL_EVERY === 0 || index + 1 === group.length) tell(index + 1)
    }
  }
  const asked = new Map(lines.flat().map((line) => [line['path'], line['code']]))
  return played.map(({ path, ...row }) => {
    if (row.answer.kind === 'answered') return { ...row, code: textOf(asked.get(path)) }
    const code = closedBecause(row.limbo, lines.flat())
    return code === undefined ? { ...row, code } : { ...row, answer: { kind: 'closed' }, code }
  })
}

/** Some seconds' worth: a person who waits sees that it moves. */
const TELL_EVERY = 25

/** Why this device's connections ended before HTTP; they have no path to be known by. */
function closedBecause(limbo: Case, lines: readonly Line[]): string | undefined {
  const leaf = readAll([limbo.peer_certificate])[0]?.fingerprint
  const codes = lines.flatMap(({ outcome, device, code }) => {
    const { fingerprint } = (device ?? {}) as { readonly fingerprint?: string }
    return outcome === 'closed-before-request' && fingerprint === leaf ? [code] : []
  })
  // Two different reasons cannot be told apart, so they are none.
  return new Set(codes).size === 1 ? textOf(codes[0]) : undefined
}

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined

/** Trusts what the configuration takes: it refuses unfit anchors by name, and then all of them. */
async function trust(
  frontEnd: LiveFrontEnd,
  settings: readonly SettingFiles[],
  demands: Omit<Trust, 'settings'>,
): Promise<number> {
  if (await frontEnd.trust({ settings, ...demands })) return settings.length
  const fit: SettingFiles[] = []
  for (const one of settings) {
    const alone = { settings: [one], ...demands }
    if (settings.length > 1 && (await frontEnd.trust(alone))) fit.push(one)
  }
  if (await frontEnd.trust({ settings: fit, ...demands })) return fit.length
  throw new Error('the front end takes each anchor, and not both')
}

/** An upstream that says yes to everybody. */
async function answering(): Promise<{ readonly port: number } & AsyncDisposable> {
  const server = createServer((_request, response) => response.end('admitted\n'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

/** What the front end said; nothing where the client could not ask. */
export function verdictIn({ answer, code }: LiveRow): 'admit' | 'refuse' | undefined {
  if (answer.kind === 'closed') return 'refuse'
  if (answer.kind !== 'answered' || code === 'no-certificate') return undefined
  if (answer.status === 200) return 'admit'
  return answer.status === 403 ? 'refuse' : undefined
}

/** Where the front end did not say what the pure core says, or was not asked for a reason that was not written down. */
export function liveFaults(rows: readonly LiveRow[]): readonly string[] {
  const apart = exceptions.notLive
  const faults = rows.flatMap((row) => {
    const { limbo, profile, pure } = row
    const verdict = verdictIn(row)
    const where = `live, ${profile}: ${limbo.id}`
    if (verdict === undefined) return limbo.id in apart ? [] : [`${where}: ${askedInVain(row)}`]
    if (limbo.id in apart) return [`${where}: unexpectedly live, still in exceptions.json`]
    if (verdict !== pure.kind) return [`${where}: ${verdict}, where the core says ${pure.kind}`]
    return isSameReason(row) ? [] : [`${where}: ${row.code}, where the core says ${whyOf(pure)}`]
  })
  const played = new Set(rows.map(({ limbo }) => limbo.id))
  const unknown = Object.keys(apart).filter((id) => !played.has(id))
  return [...faults, ...unknown.map((id) => `in exceptions.json, not in the corpus: ${id}`)]
}

const askedInVain = ({ answer, code }: LiveRow): string =>
  'why' in answer ? `${answer.kind}: ${answer.why}` : `${JSON.stringify(answer)}, ${code}`

const whyOf = (verdict: Verdict): string => (verdict.kind === 'refuse' ? verdict.why : 'admitted')

/** The same code; or the one that the code before the core has for the same thing. */
export function isSameReason({ pure, code, anchorsTaken }: LiveRow): boolean {
  if (pure.kind === 'admit') return code === 'verified'
  if (code === undefined) return false
  // What the configuration does not take as an anchor is not there when a path is sought.
  if (pure.why === 'unfit-anchor' && anchorsTaken === 0) return ANCHORLESS.includes(code)
  return code === pure.why || (INSTEAD[pure.why] ?? []).includes(code)
}

const ANCHORLESS: readonly string[] = ['untrusted-issuer', 'self-signed']

/** The core's code → what a request may get in its place. */
const INSTEAD: Readonly<Record<string, readonly string[]>> = {
  // The edge weighs a certificate before anybody reads it.
  'certificate-malformed': ['certificate-too-large'],
  // The edge weighs the handshake before it asks for the leaf, which may alone be more than all may weigh.
  'certificate-too-large': ['chain-too-large'],
  // The edge counts the presented certificates before anybody looks for paths.
  'path-too-long': ['chain-too-large'],
  'budget-exhausted': ['chain-too-large'],
}
