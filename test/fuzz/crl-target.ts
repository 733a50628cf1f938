/**
 * What a revocation list goes through before anybody relies on it: PEM, the strict reader, the table of its entries.
 * The second opinion is a walk through the same octets by the tree of `tree.ts`, which shares no line with either.
 */
import { indexEntries } from '../../src/x509/crl-entries.ts'
import { parseCrl, type Crl } from '../../src/x509/crl.ts'
import { serialText } from '../../src/x509/extensions.ts'
import type { Input, Outcome, Target } from './campaign.ts'
import { CRL_SEEDS } from './crl-seeds.ts'
import { inputsFrom } from './inputs.ts'
import { treeOf, type Node } from './tree.ts'
import { elementsAllowed, elementsReadBy } from './work.ts'

/** Revocation lists, alone and in PEM. */
export const crls: Target = {
  name: 'revocation-lists',
  make: inputsFrom(CRL_SEEDS, 'X509 CRL'),
  attempt: tryCrl,
}

function tryCrl(input: Input): Outcome {
  const octets = input.kind === 'der' ? input.octets : Buffer.from(input.text, 'utf8')
  let parsed: ReturnType<typeof parseCrl> | undefined
  const elements = elementsReadBy(() => {
    parsed = parseCrl(octets)
  })
  const broken: string[] = []
  if (elements > elementsAllowed(octets.length)) {
    broken.push(`${elements} elements read in ${octets.length} octets`)
  }
  if (parsed === undefined) return { words: [], broken }
  if (!parsed.ok) {
    const { failure } = parsed
    const word = failure.kind === 'crl-malformed' ? failure.problem : failure.kind
    return { words: [word], broken }
  }
  return { words: ['read', ...looked(parsed.value, broken)], broken }
}

/** Whether the table finds exactly the entries that stand in the list. */
function looked(crl: Crl, broken: string[]): readonly string[] {
  const index = indexEntries(crl.der, crl.entries)
  const standing = entriesIn(crl)
  if (standing.length !== crl.entries.count) {
    broken.push(`${crl.entries.count} entries counted where ${standing.length} stand`)
  }
  const listed = new Set<string>()
  for (const octets of standing) {
    const serial = serialText(octets)
    listed.add(serial)
    if (index.find(serial) === undefined) broken.push(`serial ${serial} stands there unfound`)
  }
  for (const absent of ['00', '2a2b2c2d', '-01', '-5a5b5c', 'ff'.repeat(4000)]) {
    if (!listed.has(absent) && index.find(absent) !== undefined) {
      broken.push(`serial ${absent.slice(0, 20)} is found and stands nowhere`)
    }
  }
  return [standing.length === 0 ? 'none revoked' : 'some revoked']
}

/** The serials, by position alone: after the second time, or the first where there is but one, stands the list. */
function entriesIn({ der }: Crl): readonly Buffer[] {
  const [tbs] = childrenOf(treeOf(der))
  const fields = tbs === undefined ? [] : childrenOf(tbs)
  const lastTime = fields.findLastIndex(({ tag }) => tag === UTC_TIME || tag === GENERALIZED_TIME)
  const list = fields[lastTime + 1]
  if (list?.tag !== SEQUENCE) return []
  return childrenOf(list).flatMap((entry) => {
    const [serial] = childrenOf(entry)
    return serial !== undefined && Buffer.isBuffer(serial.body) ? [serial.body] : []
  })
}

const UTC_TIME = 0x17
const GENERALIZED_TIME = 0x18
const SEQUENCE = 0x30

const childrenOf = ({ body }: Node): readonly Node[] => (Buffer.isBuffer(body) ? [] : body)
