/**
 * Lies that an encoding can tell. Those about structure are told in the tree, so that everything around them is
 * right; those about octets and lengths are told in the finished encoding.
 */
import type { SeededRandom } from '../support/seeded-random.ts'
import { encode, nodeOf, nth, replaced, type Node } from './tree.ts'

/** A tree with some lies in it; a donor is what is spliced in from. */
export function mutatedTree(root: Node, random: SeededRandom, donor: () => Node): Node {
  let tree = root
  for (let lies = 1 + random.below(3); lies > 0; lies -= 1) {
    const change = random.pick(CHANGES)
    // The tree of one certificate has some hundred nodes; a grown one is not grown much further.
    tree = replaced(tree, 1 + random.below(tree.count - 1), (node) => change(node, random, donor))
    if (tree.count < 2) return tree
  }
  return tree
}

/** Octets with some lies in them. */
export function mutatedOctets(octets: Buffer, random: SeededRandom): Buffer {
  let told = octets
  for (let lies = 1 + random.below(3); lies > 0 && told.length > 0; lies -= 1) {
    told = random.pick(OCTET_LIES)(told, random)
  }
  return told
}

type Change = (node: Node, random: SeededRandom, donor: () => Node) => readonly Node[]

/** The largest thing that one change makes: just beyond what a certificate may have. */
const GROWN = 70_000

const CHANGES: readonly [Change, ...Change[]] = [
  () => [],
  (node) => [node, node],
  // Enough to pass every bound on how many there may be.
  (node, random) => {
    const most = Math.min(5000, Math.ceil(GROWN / encode(node).length))
    return Array.from({ length: 1 + random.below(most) }, () => node)
  },
  // From another certificate, or from elsewhere.
  (_, random, donor) => [partOf(donor(), random)],
  (node, random, donor) => [node, partOf(donor(), random)],
  (node, random) => [nodeOf(random.pick(TAGS), node.body, node.prefix)],
  (node, random) => [nodeOf(random.below(256), node.body, node.prefix)],
  (node, random) => {
    if (Buffer.isBuffer(node.body)) return [nodeOf(node.tag, mutatedOctets(node.body, random))]
    return [nodeOf(node.tag, random.shuffled(node.body), node.prefix)]
  },
  // What the field is for, at its edges: sixfold, because only these get past the reader.
  ...Array.from({ length: 6 }, (): Change => {
    return (node, random) => [
      Buffer.isBuffer(node.body) ? nodeOf(node.tag, edgeOf(node.tag, node.body, random)) : node,
    ]
  }),
  (node, random) => [nested(node, 1 + random.below(random.oneIn(8) ? 8000 : 12), random)],
]

const partOf = (donor: Node, random: SeededRandom): Node => nth(donor, random.below(donor.count))

const TAGS = [
  0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0c, 0x12, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1a, 0x1c, 0x1e,
  0x30, 0x31, 0x80, 0x81, 0x82, 0x86, 0x87, 0x88, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5,
] as const

/** So many SEQUENCEs around a node. Written as octets: a tree that deep could not be walked. */
function nested(node: Node, depth: number, random: SeededRandom): Node {
  const tag = random.pick([0x30, 0x31, 0xa0, 0xa4, node.tag | 0x20])
  const inner = encode(node)
  const heads: Buffer[] = []
  let length = inner.length
  for (let level = 1; level < depth; level += 1) {
    const head = Buffer.concat([Buffer.from([tag]), lengthOctets(length)])
    heads.push(head)
    length += head.length
  }
  return nodeOf(tag, Buffer.concat([...heads.toReversed(), inner]))
}

function lengthOctets(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length])
  if (length < 0x100) return Buffer.from([0x81, length])
  if (length < 0x1_0000) return Buffer.from([0x82, length >> 8, length & 0xff])
  return Buffer.from([0x83, length >> 16, (length >> 8) & 0xff, length & 0xff])
}

/** Contents at and beyond the edge of what a type holds. */
function edgeOf(tag: number, body: Buffer, random: SeededRandom): Buffer {
  switch (tag) {
    case 0x01:
      return Buffer.from(random.pick([[], [0], [1], [0xff], [0xff, 0xff]]))
    case 0x02:
    case 0x82:
      return random.pick(NUMBERS)(random)
    case 0x06:
      return random.pick(IDENTIFIERS)(random)
    case 0x17:
    case 0x18:
      return Buffer.from(random.pick(TIMES), 'latin1')
    case 0x03:
      return Buffer.concat([Buffer.from([random.below(10)]), body.subarray(1)])
    default:
      return random.pick(TEXTS)(random)
  }
}

type Content = (random: SeededRandom) => Buffer

const NUMBERS: readonly [Content, ...Content[]] = [
  (random) => Buffer.from([random.below(256)]),
  (random) => random.octets(random.below(40)),
  (random) => random.octets(random.oneIn(16) ? 60_000 : 300),
  (random) => Buffer.concat([Buffer.from([0]), random.octets(1 + random.below(20))]),
  (random) => Buffer.concat([Buffer.from([0x80]), random.octets(random.below(24))]),
  () => Buffer.from([0x7f, 0xff, 0xff, 0xff]),
  () => Buffer.from([0, 0x80, 0, 0, 0]),
  () => Buffer.from([0xff]),
]

const IDENTIFIERS: readonly [Content, ...Content[]] = [
  () => Buffer.from([0x55, 0x1d, 0x0f]),
  (random) => Buffer.from([0x55, 0x1d, random.below(64)]),
  (random) => Buffer.from([0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, random.below(16)]),
  (random) => Buffer.from([0x2b, 0x65, 0x6e + random.below(6)]),
  // One arc of hundreds of bits, many arcs, and an arc with a needless octet.
  (random) => Buffer.from([0x55, ...Array<number>(random.below(70)).fill(0xff), 0x7f]),
  (random) => Buffer.alloc(random.oneIn(8) ? 60_000 : 60 + random.below(10), 0x2a),
  (random) => Buffer.from([0x55, 0x80, random.below(128)]),
  () => Buffer.from([0x55, 0x1d, 0x8f]),
  () => Buffer.alloc(0),
]

const TIMES = [
  '260101000000Z',
  '500101000000Z',
  '491231235959Z',
  '20491231235959Z',
  '99991231235959Z',
  '00000101000000Z',
  '00010101000000Z',
  '20260229000000Z',
  '20280229000000Z',
  '260101000060Z',
  '260101000000+0100',
  '20260101000000.5Z',
  '2601010000Z',
  '\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000Z',
  '',
] as const

const TEXTS: readonly [Content, ...Content[]] = [
  () => Buffer.alloc(0),
  (random) => random.octets(1 + random.below(64)),
  (random) => random.octets(random.oneIn(16) ? 60_000 : 4 * random.below(64)),
  (random) => Buffer.alloc(1 + random.below(300), 0x20),
  () => Buffer.from('a\u0000b.example', 'latin1'),
  // Folds and joins to many times its length; surrogates without their halves; direction marks.
  (random) => Buffer.from('\ufdfa'.repeat(1 + random.below(200)), 'utf8'),
  (random) => Buffer.from('\u1e9e\u0390\u0149\u0345'.repeat(1 + random.below(100)), 'utf8'),
  () => Buffer.from([0xd8, 0, 0, 0x41, 0xdc, 0]),
  () => Buffer.from('\u202egpj.exe\u200b\ufeff', 'utf8'),
  () => Buffer.from('.example.test', 'latin1'),
  () => Buffer.from('*.*.example', 'latin1'),
  (random) => random.octets(random.pick([3, 4, 5, 8, 16, 32])),
]

type OctetLie = (octets: Buffer, random: SeededRandom) => Buffer

const OCTET_LIES: readonly [OctetLie, ...OctetLie[]] = [
  (octets, random) => changed(octets, random, (octet) => octet ^ (1 << random.below(8))),
  (octets, random) => changed(octets, random, () => random.below(256)),
  (octets, random) => changed(octets, random, () => random.pick([0, 1, 0x7f, 0x80, 0x81, 0xff])),
  (octets, random) => octets.subarray(0, random.below(octets.length)),
  (octets, random) => Buffer.concat([octets, random.octets(1 + random.below(8))]),
  (octets, random) => cut(octets, random, 1 + random.below(8)),
  (octets, random) => inserted(octets, random, random.octets(1 + random.below(4))),
  // A length in another form than the shortest, without end, or beyond the end.
  (octets, random) => inserted(octets, random, random.pick(LENGTHS)),
]

const LENGTHS = [
  Buffer.from([0x80]),
  Buffer.from([0x81]),
  Buffer.from([0x81, 0x01]),
  Buffer.from([0x82, 0, 0x80]),
  Buffer.from([0x83, 0, 1, 0]),
  Buffer.from([0x84, 0xff, 0xff, 0xff, 0xff]),
  Buffer.from([0xff]),
] as const

function changed(octets: Buffer, random: SeededRandom, change: (octet: number) => number): Buffer {
  const copy = Buffer.from(octets)
  const at = random.below(copy.length)
  copy[at] = change(copy[at] ?? 0)
  return copy
}

function cut(octets: Buffer, random: SeededRandom, count: number): Buffer {
  const at = random.below(octets.length)
  return Buffer.concat([octets.subarray(0, at), octets.subarray(at + count)])
}

function inserted(octets: Buffer, random: SeededRandom, added: Buffer): Buffer {
  const at = random.below(octets.length + 1)
  return Buffer.concat([octets.subarray(0, at), added, octets.subarray(at)])
}
