/**
 * Opens PKCS#12 files, the old RC2 and 3DES ones included, which Node's own `pfx` option refuses.
 * This is the only place that knows node-forge, and all it does here is unpack: nothing it says about
 * a certificate is believed (decision 16).
 */
import { X509Certificate } from 'node:crypto'
import forge from 'node-forge'
import { fail, ok, type Result } from '../kernel/types.ts'
import { pemOf } from '../x509/pem.ts'

/** What a `.p12` held: the private key (PKCS#8 or PKCS#1 DER as PEM) and every certificate, in file order. */
export interface Unpacked {
  readonly keyPem: string
  readonly certificates: readonly X509Certificate[]
}

export type Pkcs12Failure =
  | { readonly kind: 'not-pkcs12' }
  | { readonly kind: 'wrong-passphrase' }
  | { readonly kind: 'no-key' }
  | { readonly kind: 'no-certificate' }
  | { readonly kind: 'several-keys'; readonly count: number }

/** Unpacks a PKCS#12 file; an empty passphrase is tried as given. */
export function openPkcs12(bytes: Buffer, passphrase: string): Result<Unpacked, Pkcs12Failure> {
  const tree = asn1Of(bytes)
  if (tree === undefined) return fail({ kind: 'not-pkcs12' })
  const opened = decode(tree, passphrase)
  if (!opened.ok) return opened
  const keys = keysIn(opened.value)
  const certificates = certificatesIn(opened.value)
  const [keyPem] = keys
  if (keyPem === undefined) return fail({ kind: 'no-key' })
  if (keys.length > 1) return fail({ kind: 'several-keys', count: keys.length })
  if (certificates.length === 0) return fail({ kind: 'no-certificate' })
  return ok({ keyPem, certificates })
}

function asn1Of(bytes: Buffer): forge.asn1.Asn1 | undefined {
  try {
    return forge.asn1.fromDer(forge.util.createBuffer(bytes.toString('latin1')))
  } catch {
    return undefined
  }
}

function decode(
  tree: forge.asn1.Asn1,
  passphrase: string,
): Result<forge.pkcs12.Pkcs12Pfx, Pkcs12Failure> {
  const plain = tryPassphrase(tree, passphrase)
  if (plain.ok || ASCII.test(passphrase)) return plain
  // PKCS#12's own key derivation reads a passphrase as UTF-16, PBES2 as UTF-8 (RFC 7292 §B.1, RFC 8018 §3); the
  // library does only the former. The second try leaves the integrity check out, which is of the former kind.
  const bare = { ...tree, value: Array.isArray(tree.value) ? tree.value.slice(0, 2) : tree.value }
  const second = tryPassphrase(bare, forge.util.encodeUtf8(passphrase))
  return second.ok ? second : plain
}

function tryPassphrase(
  tree: forge.asn1.Asn1,
  passphrase: string,
): Result<forge.pkcs12.Pkcs12Pfx, Pkcs12Failure> {
  try {
    return ok(forge.pkcs12.pkcs12FromAsn1(tree, false, passphrase))
  } catch (error) {
    // The library tells the two apart only in prose; a failed integrity check means the passphrase.
    const prose = error instanceof Error ? error.message : ''
    return fail({ kind: /MAC|password|decrypt/i.test(prose) ? 'wrong-passphrase' : 'not-pkcs12' })
  }
}

const { pkcs8ShroudedKeyBag, keyBag, certBag } = forge.pki.oids

function keysIn(pfx: forge.pkcs12.Pkcs12Pfx): readonly string[] {
  const bags = [pkcs8ShroudedKeyBag, keyBag].flatMap((type) => bagsOf(pfx, type))
  return bags.flatMap((bag) => {
    if (bag.key) return [forge.pki.privateKeyToPem(bag.key)]
    // An elliptic-curve key: the library cannot read it, but hands over its PKCS#8 as it stands.
    return bag.asn1 ? [pemOf(derOf(bag.asn1), 'PRIVATE KEY')] : []
  })
}

function certificatesIn(pfx: forge.pkcs12.Pkcs12Pfx): readonly X509Certificate[] {
  return bagsOf(pfx, certBag).flatMap((bag) => {
    const read = bag.cert ? asPresented(bag.cert) : bag.asn1
    return read ? [new X509Certificate(derOf(read))] : []
  })
}

/**
 * Puts a certificate back as it stood in the file. The library keeps what was signed and writes the algorithm beside it
 * anew, which for RSASSA-PSS with its default salt comes out otherwise (node-forge 1.4.3). What was signed names the same
 * algorithm (RFC 5280 §4.1.1.2), after the serial number and the version, if it has one.
 */
function asPresented(certificate: forge.pki.Certificate): forge.asn1.Asn1 {
  const written = forge.pki.certificateToAsn1(certificate)
  const [signed, , signature] = valuesOf(written)
  const fields = valuesOf(signed)
  const [first] = fields
  const algorithm = fields[first?.tagClass === forge.asn1.Class.CONTEXT_SPECIFIC ? 2 : 1]
  if (signed === undefined || algorithm === undefined || signature === undefined) return written
  return { ...written, value: [signed, algorithm, signature] }
}

const valuesOf = (node: forge.asn1.Asn1 | undefined): readonly forge.asn1.Asn1[] =>
  typeof node?.value === 'object' ? node.value : []

function bagsOf(
  pfx: forge.pkcs12.Pkcs12Pfx,
  type: string | undefined,
): readonly forge.pkcs12.Bag[] {
  return type === undefined ? [] : (pfx.getBags({ bagType: type })[type] ?? [])
}

const derOf = (node: forge.asn1.Asn1): Buffer =>
  Buffer.from(forge.asn1.toDer(node).getBytes(), 'latin1')

const ASCII = /^[ -~]*$/
