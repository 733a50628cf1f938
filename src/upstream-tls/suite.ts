/**
 * What the name of a cipher suite says: its other spelling, the protocols it belongs to, and why it is weak. Worked
 * out from the parts of the name, so that a suite a later runtime brings is understood without a new table.
 */

/** The protocols as Standalone Sentry's page names them, newest first; the last is a pseudo-protocol of Java's. */
export const PROTOCOLS = ['TLSv1.3', 'TLSv1.2', 'TLSv1.1', 'TLSv1', 'SSLv2Hello'] as const

export type Protocol = (typeof PROTOCOLS)[number]

/** A protocol that is spoken on a connection: all but SSLv2Hello. */
export type TlsVersion = Exclude<Protocol, 'SSLv2Hello'>

/** What is known of a suite by its name. */
export interface SuiteFacts {
  /** IANA's name, which is also Java's. */
  readonly standardName: string
  readonly protocols: readonly TlsVersion[]
  readonly keyExchange: 'TLSv1.3' | 'ECDHE' | 'DHE' | 'RSA'
  readonly aead: boolean
  /** Why it should be avoided, or nothing when it need not be. */
  readonly weak: string | undefined
}

/** Reads OpenSSL's name of a suite; nothing when it is not one we could use. */
export function suiteFacts(name: string): SuiteFacts | undefined {
  if (/^TLS_(?:AES|CHACHA20)_/.test(name))
    return {
      standardName: name,
      protocols: ['TLSv1.3'],
      keyExchange: 'TLSv1.3',
      aead: true,
      weak: undefined,
    }
  const parts = NAME.exec(name)?.groups
  if (parts === undefined) return undefined
  const { exchange = 'RSA', key = 'RSA', mode = '', mac = '' } = parts
  const bulk = (parts['bulk'] ?? '').replace(/(?<=[A-Z])(?=128$|256$)/, '_')
  const aead = mode !== '' || bulk.startsWith('CHACHA20')
  const exchangeName = exchange === 'RSA' ? 'RSA' : `${exchange}_${key}`
  return {
    standardName: `TLS_${exchangeName}_WITH_${bulkName(bulk, mode, mac)}`,
    protocols: mac !== 'SHA' ? ['TLSv1.2'] : ['TLSv1.2', 'TLSv1.1', 'TLSv1'],
    keyExchange: exchange === 'ECDHE' ? 'ECDHE' : exchange === 'DHE' ? 'DHE' : 'RSA',
    aead,
    weak: weakness(exchange, aead),
  }
}

const NAME =
  /^(?:(?<exchange>ECDHE|DHE)-(?<key>ECDSA|RSA)-)?(?<bulk>AES128|AES256|CHACHA20-POLY1305)(?:-(?<mode>GCM|CCM8|CCM))?(?:-(?<mac>SHA|SHA256|SHA384))?$/

function bulkName(bulk: string, mode: string, mac: string): string {
  if (bulk.startsWith('CHACHA20')) return 'CHACHA20_POLY1305_SHA256'
  if (mode === 'CCM' || mode === 'CCM8') return `${bulk}_${mode.replace('8', '_8')}`
  return `${bulk}_${mode === '' ? 'CBC' : mode}_${mac}`
}

/** RFC 9325 §4.1 and §4.2, in the order of what hurts most. */
function weakness(exchange: string, aead: boolean): string | undefined {
  const reasons = [
    ...(exchange === 'RSA' ? ['no forward secrecy'] : []),
    ...(exchange === 'DHE' ? ['the server alone chooses the Diffie-Hellman group'] : []),
    ...(aead ? [] : ['CBC mode, open to padding attacks']),
  ]
  return reasons.length === 0 ? undefined : reasons.join('; ')
}

/** Suites of other products, Java's above all, that this runtime cannot speak, with both spellings. */
export const UNSUPPORTED_SUITES: readonly (readonly [name: string, standardName: string])[] = [
  ['ECDHE-ECDSA-DES-CBC3-SHA', 'TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA'],
  ['ECDHE-RSA-DES-CBC3-SHA', 'TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA'],
  ['DHE-RSA-DES-CBC3-SHA', 'TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA'],
  ['DES-CBC3-SHA', 'TLS_RSA_WITH_3DES_EDE_CBC_SHA'],
  ['ECDHE-ECDSA-RC4-SHA', 'TLS_ECDHE_ECDSA_WITH_RC4_128_SHA'],
  ['ECDHE-RSA-RC4-SHA', 'TLS_ECDHE_RSA_WITH_RC4_128_SHA'],
  ['RC4-SHA', 'TLS_RSA_WITH_RC4_128_SHA'],
  ['RC4-MD5', 'TLS_RSA_WITH_RC4_128_MD5'],
  ['DES-CBC-SHA', 'TLS_RSA_WITH_DES_CBC_SHA'],
]

/** Why a suite of either spelling cannot be had here, when its name says so. */
export function unsupportedReason(name: string): string | undefined {
  return UNSUPPORTED_REASONS.find(([pattern]) => pattern.test(name.toUpperCase()))?.[1]
}

const UNSUPPORTED_REASONS: readonly (readonly [RegExp, string])[] = [
  [/EXPORT|^EXP-/, 'export suites were removed from OpenSSL'],
  [/DES-CBC3|3DES/, "3DES is not built into this runtime's OpenSSL"],
  [/RC4/, "RC4 is not built into this runtime's OpenSSL"],
  [/(?:^|[-_])DES[-_]CBC/, "single DES is not built into this runtime's OpenSSL"],
  [/NULL|^TLS_SHA(?:256|384)_/, 'it encrypts nothing'],
  [/^A(?:EC)?DH-|_ANON_/, 'it authenticates no server'],
  [/PSK|SRP/, 'it needs a secret shared beforehand, and there is none'],
  [/DSS/, 'it is for DSA keys, which no server has any more'],
  [/_ECDH_|^ECDH-/, 'static ECDH was removed from OpenSSL'],
  [/_SCSV$/, 'it is a signal, not a suite, and is sent without asking'],
  [/CCM_?8/, "its tag of eight octets is too short for this runtime's security level"],
  [/CAMELLIA|ARIA|CCM|SEED|IDEA/, 'this runtime does not offer it'],
]
