/**
 * What a keystore goes through: its armour, the rewriting of BER, the structure, the derivations, what is decrypted and
 * what lies inside that. A file is mutated where it stands, and what is inside is mutated before it is closed again with
 * the right passphrase, because behind a MAC no other lie arrives.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { Rounds } from '../../src/handshake/pkcs12/limits.ts'
import { openPkcs12, type OpenedPkcs12 } from '../../src/handshake/pkcs12/open.ts'
import { pemOf } from '../../src/x509/pem.ts'
import type { Result } from '../../src/kernel/types.ts'
import type { Pkcs12Failure } from '../../src/handshake/pkcs12/failure.ts'
import { encryptedSafe, pkcs12Of, plainSafe } from '../support/certificates/mint-pkcs12.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import type { Input, Outcome, Target } from './campaign.ts'
import { mutatedOctets, mutatedTree } from './mutate.ts'
import { BAGS, FILES, PASSPHRASE } from './pkcs12-seeds.ts'
import { encode, treeOf, type Node } from './tree.ts'
import { elementsAllowed, elementsReadBy } from './work.ts'

/** PKCS#12 files, alone and in PEM. */
export const keystores: Target = { name: 'keystores', make, attempt: tryKeystore }

interface Planted {
  readonly der: Buffer
  readonly tree: Node
}

const planted = (der: Buffer): Planted => ({ der, tree: treeOf(der) })
const [FIRST, ...OTHERS] = FILES
const files: readonly [Planted, ...Planted[]] = [planted(FIRST), ...OTHERS.map(planted)]
const bags = BAGS.map(planted)

function make(seed: number, number: number): Input {
  const random = new SeededRandom(seed, number)
  const octets = random.oneIn(2) ? mutatedFile(random) : closedAgain(random)
  if (!random.oneIn(16)) return { kind: 'der', octets }
  const text = pemOf(octets, 'PKCS12')
  return {
    kind: 'pem',
    text: text.slice(0, random.oneIn(4) ? random.below(text.length) : undefined),
  }
}

function mutatedFile(random: SeededRandom): Buffer {
  const { der, tree } = random.pick(files)
  if (random.oneIn(3)) return mutatedOctets(der, random)
  const mutant = encode(mutatedTree(tree, random, () => tree))
  return random.oneIn(8) ? mutatedOctets(mutant, random) : mutant
}

function closedAgain(random: SeededRandom): Buffer {
  const inside = bags.map(({ der, tree }) => {
    if (!random.oneIn(2)) return der
    return random.oneIn(6)
      ? mutatedOctets(der, random)
      : encode(mutatedTree(tree, random, () => tree))
  })
  const by = { passphrase: PASSPHRASE, iterations: 1 }
  const safe = random.oneIn(2) ? plainSafe(...inside) : encryptedSafe(inside, by)
  return pkcs12Of([safe], random.oneIn(2) ? by : undefined)
}

/** Enough for every seed, and soon spent by a mutant that asks for many. */
const ROUNDS = 5000

function tryKeystore(input: Input): Outcome {
  const octets = input.kind === 'der' ? input.octets : Buffer.from(input.text, 'utf8')
  const rounds = new Rounds(ROUNDS)
  const found: Result<OpenedPkcs12, Pkcs12Failure>[] = []
  const elements = elementsReadBy(() => {
    found.push(openPkcs12(octets, PASSPHRASE, rounds))
  })
  const broken: string[] = []
  if (elements > LAYERS * elementsAllowed(octets.length)) {
    broken.push(`${elements} elements read in ${octets.length} octets`)
  }
  if (rounds.spent > ROUNDS) broken.push(`${rounds.spent} rounds spent, of ${ROUNDS}`)
  const [result] = found
  if (result === undefined) return { words: [], broken }
  if (result.ok) return { words: ['opened', ...used(result.value, broken)], broken }
  const { kind } = result.failure
  const isAboutPassphrase = kind === 'wrong-passphrase' || kind === 'part-stays-closed'
  if (isAboutPassphrase && opensForOpenssl(octets)) broken.push(`${kind}, and OpenSSL opens it`)
  return { words: [kind], broken }
}

/** The outermost, the list of safes, the bags of each, and what algorithms and keys consist of: each reads its octets once. */
const LAYERS = 4

/** Whatever comes out can be served with. */
function used(
  { keyPem, certificatePems, unused }: OpenedPkcs12,
  broken: string[],
): readonly string[] {
  try {
    createPrivateKey(keyPem)
    const read = certificatePems.map((pem) => new X509Certificate(pem))
    if (read.length === 0) broken.push('opened without a certificate')
  } catch (error) {
    broken.push(`what came out is not readable: ${String(error)}`)
  }
  return unused.map(({ kind }) => `unused ${kind}`)
}

function opensForOpenssl(octets: Buffer): boolean {
  try {
    createSecureContext({ pfx: octets, passphrase: PASSPHRASE })
    return true
  } catch {
    return false
  }
}
