/** Why a PKCS#12 file was not opened, and the sentence that says so. */
import { MAX_BER_ELEMENTS } from '../../x509/ber.ts'
import type { DerFault } from '../../x509/der-fault.ts'
import { unreachable } from '../../kernel/types.ts'

export type Pkcs12Failure =
  | { readonly kind: 'not-pkcs12'; readonly found: 'java-keystore' | 'other' | 'pem' }
  /** It begins as PKCS#12 does and breaks off, or is none further inside. */
  | { readonly kind: 'damaged'; readonly fault: DerFault }
  | { readonly kind: 'no-passphrase' }
  | { readonly kind: 'wrong-passphrase' }
  /** The passphrase fits the whole and not a part: it has another one, or was damaged before it was packed. */
  | { readonly kind: 'part-stays-closed'; readonly part: 'certificates' | 'private key' }
  | Unsupported
  | BeyondLimit
  | { readonly kind: 'no-key' }
  | { readonly kind: 'no-certificate' }
  | { readonly kind: 'several-keys'; readonly count: number }
  | { readonly kind: 'unreadable-key'; readonly algorithm: string }
  | { readonly kind: 'unreadable-certificate'; readonly number: number }
  /** It took longer than any file within the limits, or the thread that opened it ended. */
  | { readonly kind: 'not-finished'; readonly why: string }

/** A variant that this runtime has no means for; says nothing about the passphrase. */
export interface Unsupported {
  readonly kind: 'unsupported'
  readonly what: 'encryption' | 'integrity check' | 'key derivation'
  /** Its name, or its object identifier. */
  readonly algorithm: string
}

/** More of something than a file may ask for. */
export interface BeyondLimit {
  readonly kind: 'beyond-limit'
  readonly what: 'bags' | 'certificates' | 'octets of memory' | 'octets of salt' | 'rounds'
  readonly found: number
  readonly most: number
}

/** Says what was found, what was wanted and what to do; `path` is where the file is. */
export function explainPkcs12(failure: Pkcs12Failure, path: string): string {
  switch (failure.kind) {
    case 'not-pkcs12':
      return FOUND_INSTEAD[failure.found](path)
    case 'damaged': {
      const { problem, field, offset } = failure.fault
      if (problem === 'too-many-elements') {
        return `found more than ${MAX_BER_ELEMENTS.toLocaleString('en')} elements in ${path}, wanted at most that many: ${IDENTITY_ONLY}`
      }
      return `found a PKCS#12 file that is not whole in ${path} (${problem} in ${field}, octet ${offset}), wanted it as it was exported: copy it again, as a binary file`
    }
    case 'no-passphrase':
      return `found no passphrase for ${path}, which an empty one does not open, wanted the one it was exported with: add \`passphrase: file:…\` or \`env:…\``
    case 'wrong-passphrase':
      return `found a passphrase that does not open ${path}, wanted the one it was exported with: set \`passphrase: file:…\` or \`env:…\``
    case 'part-stays-closed':
      return `found that the passphrase opens ${path} and not the ${failure.part} in it, wanted one passphrase for all of it: export it again, or give the key the passphrase of the keystore`
    case 'unsupported':
      return `found the ${failure.what} ${failure.algorithm} in ${path}, which this program cannot do whatever the passphrase, wanted AES and SHA-2: export it again with a current tool`
    case 'beyond-limit':
      return `found ${failure.found.toLocaleString('en')} ${UNITS[failure.what]} in ${path}, wanted at most ${failure.most.toLocaleString('en')}: ${ADVICE[failure.what]}`
    case 'no-key':
      return `found no private key in ${path}, wanted one with its certificate: export "with private key"`
    case 'no-certificate':
      return `found no certificate in ${path}, wanted the server's own and its chain`
    case 'several-keys':
      return `found ${failure.count} private keys in ${path}, wanted exactly one: export one identity per file`
    case 'unreadable-key':
      return `found a private key of the algorithm ${failure.algorithm} in ${path} that this runtime does not read, wanted an RSA, elliptic-curve or Edwards-curve key: have a certificate issued for one of these`
    case 'unreadable-certificate':
      return `found an unreadable certificate, number ${failure.number} in ${path}, wanted X.509: export it again`
    case 'not-finished':
      return `found that ${path} could not be opened (${failure.why}), wanted it open: try again, or export it with fewer iterations`
    default:
      return unreachable(failure)
  }
}

const FOUND_INSTEAD: Readonly<
  Record<(Pkcs12Failure & { kind: 'not-pkcs12' })['found'], (path: string) => string>
> = {
  'java-keystore': (path) =>
    `found a Java keystore of an old type (JKS or JCEKS) in ${path}, wanted PKCS#12: convert it with \`keytool -importkeystore -deststoretype pkcs12\``,
  pem: (path) =>
    `found PEM text in ${path}, wanted PKCS#12: name it under \`chain\` and \`key\` instead`,
  other: (path) =>
    `found something other than PKCS#12 in ${path}, wanted a .p12 or .pfx file: export it again`,
}

const UNITS: Readonly<Record<BeyondLimit['what'], string>> = {
  bags: 'bags',
  certificates: 'certificates',
  'octets of memory': 'octets of memory for one key derivation',
  'octets of salt': 'octets of salt',
  rounds: 'rounds of key derivation',
}

const FEWER = 'export it again with fewer iterations (600,000 are what the most careful tools use)'
const IDENTITY_ONLY = 'export the identity alone, with its chain'

const ADVICE: Readonly<Record<BeyondLimit['what'], string>> = {
  bags: IDENTITY_ONLY,
  certificates: IDENTITY_ONLY,
  'octets of memory': 'export it again with a smaller cost',
  'octets of salt': 'export it again with a current tool',
  rounds: FEWER,
}
