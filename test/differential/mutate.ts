/** Requests with something wrong, odd or doubled in them, and the reads in which they arrive. */
import {
  BLANKS,
  CODINGS,
  COLONS,
  FIELDS,
  LENGTHS,
  LINE_ENDS,
  METHODS,
  SIZES,
  TARGETS,
  VERSIONS,
} from './odd-parts.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import type { Sending } from './play.ts'
import { shapeOf } from './shapes.ts'

/** An input, and how it is sent. */
export interface Input {
  readonly octets: string
  readonly sending: Sending
}

/** The input with this number: the same for the same seed. */
export function inputOf(seed: number, number: number): Input {
  const random = new SeededRandom(seed, number)
  let octets = shapeOf(random)
  const most = random.oneIn(4) ? 4 : 1
  for (let left = random.below(most + 1); left > 0; left -= 1) {
    octets = random.pick(MUTATIONS)(octets, random)
  }
  return { octets, sending: sendingOf(octets, random) }
}

/** Cuts octets at random places. */
export function sendingOf(octets: string, random: SeededRandom): Sending {
  const waits = random.oneIn(2)
  const cuts = random.oneIn(3) ? 0 : 1 + random.below(random.oneIn(10) ? octets.length : 6)
  const places = Array.from({ length: Math.min(cuts, MAX_CUTS) }, () =>
    random.below(octets.length + 1),
  )
  const sorted = [0, ...places.toSorted((one, other) => one - other), octets.length]
  const reads = sorted.slice(1).map((end, index) => octets.slice(sorted[index], end))
  return { reads: reads.filter((read) => read !== ''), waits }
}

/** Each read is waited for; more cuts find nothing more. */
const MAX_CUTS = 60

type Mutation = (octets: string, random: SeededRandom) => string

const MUTATIONS: readonly [Mutation, ...Mutation[]] = [
  // Octets.
  (octets, random) => splice(octets, place(octets, random), { remove: 1 }),
  (octets, random) => {
    const at = place(octets, random)
    return splice(octets, at, { insert: octets.slice(at, at + 1 + random.below(3)) })
  },
  (octets, random) => splice(octets, place(octets, random), { insert: oddOctet(random) }),
  (octets, random) =>
    splice(octets, place(octets, random), { remove: 1, insert: oddOctet(random) }),
  (octets, random) => {
    const at = place(octets, random)
    const [one = '', other = ''] = octets.slice(at, at + 2)
    return splice(octets, at, { remove: 2, insert: other + one })
  },
  (octets, random) => {
    const at = place(octets, random)
    const octet = octets[at] ?? ''
    const lower = octet.toLowerCase()
    return splice(octets, at, { remove: 1, insert: octet === lower ? octet.toUpperCase() : lower })
  },
  (octets, random) => octets.slice(0, place(octets, random)),
  (octets, random) => octets + random.pick(['\r\n', '\n', 'x', 'GET', 'GET /mdm HTTP/1.1\r\n']),
  // Line ends.
  (octets, random) => atMatch(octets, /\r\n/g, { random, change: () => random.pick(LINE_ENDS) }),
  (octets, random) => octets.replaceAll('\r\n', random.pick(['\n', '\r', '\r\n'])),
  (octets, random) => random.pick(['\r\n', '\n', '\r\n\r\n', ' ', '\0']) + octets,
  // Request lines.
  (octets, random) => atMatch(octets, / /g, { random, change: () => random.pick(BLANKS) }),
  (octets, random) =>
    atMatch(octets, /^[A-Z-]+(?= )/gm, { random, change: () => random.pick(METHODS) }),
  (octets, random) =>
    atMatch(octets, /HTTP\/1\.[01]/g, { random, change: () => random.pick(VERSIONS) }),
  (octets, random) =>
    atMatch(octets, /(?<=^[A-Z]+ )\S+/gm, { random, change: () => random.pick(TARGETS) }),
  // Fields.
  (octets, random) => atMatch(octets, FIELD_LINE, { random, change: () => '' }),
  (octets, random) => atMatch(octets, FIELD_LINE, { random, change: (line) => line + line }),
  (octets, random) => atMatch(octets, FIELD_LINE, { random, change: (line) => line.toUpperCase() }),
  (octets, random) => atMatch(octets, FIELD_LINE, { random, change: (line) => ` ${line}` }),
  (octets, random) =>
    atMatch(octets, FIELD_LINE, { random, change: (line) => line + random.pick(FIELDS) }),
  (octets, random) =>
    atMatch(octets, FIELD_LINE, { random, change: (line) => random.pick(FIELDS) + line }),
  (octets, random) => {
    const lines = octets.match(FIELD_LINE) ?? []
    const donor = lines[random.below(Math.max(1, lines.length))] ?? ''
    return atMatch(octets, FIELD_LINE, { random, change: () => donor })
  },
  (octets, random) => atMatch(octets, /:[ \t]*/g, { random, change: () => random.pick(COLONS) }),
  // Lengths and chunks.
  (octets, random) =>
    atMatch(octets, /(?<=length: )\d+/gi, { random, change: () => random.pick(LENGTHS) }),
  (octets, random) =>
    atMatch(octets, /(?<=encoding: )\w+/gi, { random, change: () => random.pick(CODINGS) }),
  (octets, random) =>
    atMatch(octets, /(?<=\r\n)[0-9a-f]+(?=[;\r])/gi, { random, change: () => random.pick(SIZES) }),
]

/** A whole line of a field. */
const FIELD_LINE = /^[\w-]+:[^\r\n]*\r\n/gm

const ODD = '\0\r\n\t :;,="\\\x01\x0b\x0c\x7f\x80\xa0\xff(){}<>@/?#%0aZ'

function oddOctet(random: SeededRandom): string {
  if (random.oneIn(4)) return String.fromCharCode(random.below(256))
  return ODD[random.below(ODD.length)] ?? ''
}

const place = (octets: string, random: SeededRandom): number =>
  random.below(Math.max(1, octets.length))

const splice = (
  octets: string,
  at: number,
  { remove = 0, insert = '' }: { readonly remove?: number; readonly insert?: string },
): string => octets.slice(0, at) + insert + octets.slice(at + remove)

/** Changes one of the places that a pattern finds. */
function atMatch(
  octets: string,
  pattern: RegExp,
  { random, change }: { readonly random: SeededRandom; readonly change: (found: string) => string },
): string {
  const found = [...octets.matchAll(pattern)]
  const one = found[random.below(Math.max(1, found.length))]
  if (one === undefined) return octets
  return splice(octets, one.index, { remove: one[0].length, insert: change(one[0]) })
}
