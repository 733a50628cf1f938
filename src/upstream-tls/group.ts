/** Key exchange groups by name. A runtime has no list of them to ask for, only an answer for each. */
import type { TlsVersion } from './suite.ts'

export interface GroupFacts {
  /** OpenSSL's usual name. */
  readonly name: string
  /** IANA's name (RFC 8446 §4.2.7). */
  readonly standardName: string
  /** What else people write. */
  readonly aliases: readonly string[]
  readonly protocols: readonly TlsVersion[]
  /** Post-quantum and classical in one: an attacker who records today cannot read it with tomorrow's machine. */
  readonly hybrid: boolean
  readonly byDefault: boolean
}

const ALL: readonly TlsVersion[] = ['TLSv1.3', 'TLSv1.2', 'TLSv1.1', 'TLSv1']
const NEWEST: readonly TlsVersion[] = ['TLSv1.3']

const hybrid = (name: string, byDefault: boolean): GroupFacts => ({
  name,
  standardName: name,
  aliases: [],
  protocols: NEWEST,
  hybrid: true,
  byDefault,
})

const curve = (
  name: string,
  standardName: string,
  aliases: readonly string[] = [],
): GroupFacts => ({
  name,
  standardName,
  aliases,
  protocols: ALL,
  hybrid: false,
  byDefault: name !== 'X448',
})

/** Finite fields have names in TLS 1.3 only as far as a client's choice goes; before, the server chooses. */
const finiteField = (name: string): GroupFacts => ({ ...hybrid(name, false), hybrid: false })

/** Preferred first: what resists a quantum computer, then what is fast, then what is widespread. */
export const GROUPS: readonly GroupFacts[] = [
  hybrid('X25519MLKEM768', true),
  hybrid('SecP256r1MLKEM768', false),
  hybrid('SecP384r1MLKEM1024', false),
  curve('X25519', 'x25519'),
  curve('P-256', 'secp256r1', ['prime256v1']),
  curve('P-384', 'secp384r1'),
  curve('P-521', 'secp521r1'),
  curve('X448', 'x448'),
  finiteField('ffdhe2048'),
  finiteField('ffdhe3072'),
  finiteField('ffdhe4096'),
]
