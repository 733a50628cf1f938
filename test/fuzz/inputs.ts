/**
 * The inputs of a campaign: the same seed and number give the same octets, on any machine.
 */
import { sign } from 'node:crypto'
import { pemOf } from '../../src/x509/pem.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import type { Target } from './campaign.ts'
import { mutatedOctets, mutatedTree } from './mutate.ts'
import type { Seed } from './seeds.ts'
import { encode, EMPTY, nodeOf, treeOf, type Node } from './tree.ts'

interface Planted {
  readonly seed: Seed
  readonly tree: Node
}

type Corpus = readonly [Planted, ...Planted[]]

/** Makes the input of each number out of a corpus; `label` is what its PEM says. */
export function inputsFrom(seeds: readonly Seed[], label: string): Target['make'] {
  const [first, ...others] = seeds.map((seed) => ({ seed, tree: treeOf(seed.der) }))
  if (first === undefined) throw new Error('a corpus has a seed')
  const corpus: Corpus = [first, ...others]
  return (campaign, number) => {
    const random = new SeededRandom(campaign, number)
    const octets = derInput(random, corpus)
    if (!random.oneIn(16)) return { kind: 'der', octets }
    return { kind: 'pem', text: pemInput(octets, label, random) }
  }
}

function derInput(random: SeededRandom, corpus: Corpus): Buffer {
  const { seed, tree } = random.pick(corpus)
  const way = random.below(20)
  if (way < 5) return mutatedOctets(seed.der, random)
  const mutant = mutatedTree(tree, random, () => random.pick(corpus).tree)
  if (way < 11) return encode(mutant)
  if (way < 12) return mutatedOctets(encode(mutant), random)
  return encode(signed(mutant, seed))
}

/** Signed again, so that what is wrong with it is not its signature: only so do lies reach the judge. */
function signed(tree: Node, { signer }: Seed): Node {
  if (Buffer.isBuffer(tree.body)) return tree
  const [body, algorithm, ...rest] = tree.body
  if (body === undefined || algorithm === undefined || rest.length === 0) return tree
  const octets = Buffer.concat([UNUSED_BITS, sign(null, encode(body), signer.key)])
  return nodeOf(tree.tag, [body, algorithm, nodeOf(0x03, octets)], EMPTY)
}

const UNUSED_BITS = Buffer.from([0])

function pemInput(octets: Buffer, label: string, random: SeededRandom): string {
  let text = pemOf(octets, label)
  for (let lies = random.below(3); lies > 0; lies -= 1) {
    text = random.pick(PEM_LIES)(text, random).slice(0, LONGEST_TEXT)
  }
  return text
}

/** Repeats of repeats would grow without bound. */
const LONGEST_TEXT = 1_000_000

type PemLie = (text: string, random: SeededRandom) => string

const PEM_LIES: readonly [PemLie, ...PemLie[]] = [
  (text) => text.replaceAll('\n', '\r\n'),
  (text) => text.replaceAll('\n', ' \n'),
  (text, random) => text.repeat(1 + random.below(5)),
  (text, random) => text.slice(0, random.below(text.length)),
  (text, random) => text.slice(random.below(text.length)),
  (text, random) =>
    placed(text, random, random.pick(['-', '=', ':', ' ', '\n', '\u0000', '\ufeff'])),
  (text, random) =>
    placed(text, random, '-----BEGIN CERTIFICATE-----\n'.repeat(random.below(3000))),
  (text, random) => placed(text, random, '-'.repeat(random.below(50_000))),
  (text, random) =>
    placed(text, random, '-----END X-----'.concat(' '.repeat(random.below(50_000)))),
  (text) => text.replaceAll(/CERTIFICATE|X509 CRL/gu, 'PRIVATE KEY'),
  (text) => text.replaceAll(/CERTIFICATE|X509 CRL/gu, 'A-B-'.repeat(5000)),
]

function placed(text: string, random: SeededRandom, added: string): string {
  const at = random.below(text.length + 1)
  return text.slice(0, at) + added + text.slice(at)
}
