/**
 * Passwords of administrators, as argon2id (RFC 9106) in the usual text form.
 */
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

const derive = promisify(argon2)

/** Hashes a password for the store. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_OCTETS)
  const tag = await deriveTag(password, { salt, ...COST })
  const { memory, passes, parallelism } = COST
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(tag)}`
}

/** Whether a password is the one behind a hash; no password is behind a hash that cannot be read. */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const [, memory, passes, parallelism, salt, tag] = HASH.exec(hash) ?? []
  if (salt === undefined || tag === undefined) return false
  const wanted = Buffer.from(tag, 'base64')
  const cost = {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
  }
  if (cost.memory > MAX_MEMORY || cost.passes > MAX_PASSES) return false
  const found = await deriveTag(password, { salt: Buffer.from(salt, 'base64'), ...cost })
  return found.length === wanted.length && timingSafeEqual(found, wanted)
}

/** Takes as long as a wrong password, for unknown names: else the time would tell which names are known. */
export async function verifyDummyPassword(password: string): Promise<false> {
  await deriveTag(password, { salt: randomBytes(SALT_OCTETS), ...COST })
  return false
}

interface Derivation {
  readonly salt: Buffer
  /** KiB. */
  readonly memory: number
  readonly passes: number
  readonly parallelism: number
}

const deriveTag = async (password: string, it: Derivation): Promise<Buffer> =>
  await derive('argon2id', {
    // The same letters typed on another keyboard are the same password.
    message: Buffer.from(password.normalize('NFKC')),
    nonce: it.salt,
    memory: it.memory,
    passes: it.passes,
    parallelism: it.parallelism,
    tagLength: TAG_OCTETS,
  })

const unpadded = (octets: Buffer): string => octets.toString('base64').replaceAll('=', '')

const HASH =
  /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d)\$([A-Za-z0-9+/]{11,64})\$([A-Za-z0-9+/]{22,86})$/u

/** 19 MiB and two passes: OWASP's first choice for argon2id; some 40 ms here. */
const COST = { memory: 19_456, passes: 2, parallelism: 1 }
/** A hash from the store must not make us spend a gigabyte. */
const MAX_MEMORY = 262_144
const MAX_PASSES = 10
const SALT_OCTETS = 16
const TAG_OCTETS = 32

/** Long enough that guessing at the allowed rate is hopeless; longer than anything typed is not a password. */
export const PASSWORD_LENGTH = { min: 12, max: 256 }
