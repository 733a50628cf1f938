/** What we send in the format of a product's name, under the names in the product's configuration. */
import type { Vouched } from '../../src/decide/decide.ts'
import { identityFields } from '../../src/message/encode/encode.ts'
import { parseCertificate, type Certificate } from '../../src/x509/certificate.ts'
import type { Case } from './cases.ts'
import type { Product } from './products.ts'
import { edgesTrimmed } from './wire.ts'

/** By lower-case name, as they would arrive. */
export function ourFields(product: Product, one: Case): ReadonlyMap<string, string> {
  const [leaf, ...issuers] = [one.leaf.der, ...one.intermediates].map(read)
  const path = { certificates: [leaf, ...issuers] } as unknown as Vouched['path']
  const sent = identityFields(
    { path, timeliness: 'valid' },
    {
      format: product.format,
      fields: product.named,
      serial: 'hex-upper',
      name: 'format',
      fingerprint: { digest: 'sha256', form: 'hex' },
      chain: true,
      grace: false,
      maxBytes: 65_536,
    },
  )
  const pairs = sent.flatMap((name, at): [string, string][] =>
    at % 2 === 0 ? [[name.toLowerCase(), edgesTrimmed(sent[at + 1] ?? '')]] : [],
  )
  return new Map(pairs)
}

function read(octets: Buffer): Certificate {
  const parsed = parseCertificate(octets)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.failure))
  return parsed.value
}
