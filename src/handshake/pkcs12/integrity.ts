/** Whether a file is as it was when it was closed with a passphrase: its MAC, by PKCS#12's own way or by PBMAC1 (RFC 9579). */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { fail, ok, type Result } from '../../kernel/types.ts'
import { TAG } from '../../x509/der.ts'
import { digestOf, hmacDigestOf, nameOf } from './algorithms.ts'
import {
  damaged,
  derivationOf,
  pkcs12Key,
  type DerivationFailure,
  type Secret,
} from './key-derivation.ts'
import type { Rounds } from './limits.ts'
import { read, readAlgorithm, type Mac } from './structure.ts'

/** Whether the MAC is the one that this passphrase makes. */
export function isIntact(
  content: Buffer,
  mac: Mac,
  { secret, rounds }: { readonly secret: Secret; readonly rounds: Rounds },
): Result<boolean, DerivationFailure> {
  const { algorithm, digest: stated } = mac
  const keyed = algorithm.oid === PBMAC1 ? pbmac1(mac, secret, rounds) : own(mac, secret, rounds)
  if (!keyed.ok) return keyed
  const { key, digest } = keyed.value
  const made = createHmac(digest, key).update(content).digest()
  return ok(made.length === stated.length && timingSafeEqual(made, stated))
}

type Keyed = Result<{ readonly key: Buffer; readonly digest: string }, DerivationFailure>

/** RFC 7292 §B.4: the key is as long as the digest's output. */
function own(
  { algorithm, digest: stated, salt, iterations }: Mac,
  secret: Secret,
  rounds: Rounds,
): Keyed {
  const digest = digestOf(algorithm.oid)
  if (digest === undefined) return notThere(algorithm.oid)
  const how = { purpose: 'integrity', size: stated.length, rounds } as const
  if (stated.length === 0 || stated.length > MAX_DIGEST) return WRONG_DIGEST
  const key = pkcs12Key(secret, { digest, salt, iterations }, how)
  return key.ok ? ok({ key: key.value, digest }) : key
}

/** RFC 8018 §7.1; salt and iterations beside it are not used (RFC 9579 §4). */
function pbmac1({ algorithm }: Mac, secret: Secret, rounds: Rounds): Keyed {
  const found = read(algorithm.parameters, (reader) => {
    const pair = reader.field('PBMAC1-params').enter(TAG.sequence)
    return { derivation: readAlgorithm(pair), scheme: readAlgorithm(pair) }
  })
  if (!found.ok) return damaged(found.failure)
  const { derivation, scheme } = found.value
  const digest = hmacDigestOf(scheme.oid)
  if (digest === undefined) return notThere(scheme.oid)
  const derived = derivationOf(derivation, secret, rounds)
  if (!derived.ok) return derived
  const key = derived.value(undefined)
  return key.ok ? ok({ key: key.value, digest }) : key
}

const notThere = (oid: string): Keyed =>
  fail({ kind: 'unsupported', what: 'integrity check', algorithm: nameOf(oid) })

const WRONG_DIGEST = damaged({ problem: 'unexpected-element', field: 'macData', offset: 0 })
/** Of the longest digest there is here. */
const MAX_DIGEST = 64
const PBMAC1 = '1.2.840.113549.1.5.14'
