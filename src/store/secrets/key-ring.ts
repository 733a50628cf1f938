/**
 * The key ring on disk: lines `<version> <32 octets in base64>`, in a file that only its owner reads (S2-23), or in
 * an environment variable. Never in the store that it seals.
 */
import { randomBytes, scryptSync, createCipheriv, createDecipheriv } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import { open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import process from 'node:process'
import { errorCode } from '../../kernel/error-code.ts'
import { fileExposure } from '../../kernel/file-exposure.ts'
import { fail, ok, type Fault, type Result } from '../../kernel/types.ts'
import { versionsOf, type KeyRing } from './seal.ts'

/** Reads `file:PATH` or `env:NAME`, or says everything that is wrong with it. */
export async function readKeyRing(reference: string): Promise<Result<KeyRing, readonly Fault[]>> {
  if (reference.startsWith('env:')) {
    const name = reference.slice('env:'.length)
    const text = process.env[name]
    if (text === undefined || text === '') {
      return fail([{ at: reference, message: `found nothing, wanted the key ring in ${name}` }])
    }
    return parseKeyRing(text, reference)
  }
  if (!reference.startsWith('file:')) {
    return fail([
      { at: reference, message: 'found another reference, wanted file:PATH or env:NAME' },
    ])
  }
  const path = reference.slice('file:'.length)
  const text = await readPrivateFile(path)
  return text.ok ? parseKeyRing(text.value, path) : text
}

async function readPrivateFile(path: string): Promise<Result<string, readonly Fault[]>> {
  try {
    // Without O_NONBLOCK a named pipe would hold the start until another process writes.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const about = await file.stat()
    if (!about.isFile())
      return fail([{ at: path, message: 'found no regular file, wanted the key ring' }])
    if (await isExposed(path, about)) {
      const mode = (about.mode & 0o777).toString(8).padStart(4, '0')
      const message = `found mode ${mode}, wanted a file that only its owner can read: chmod 600 it, and make a new key if others may have read it`
      return fail([{ at: path, message }])
    }
    // A ring has a few lines of 50 octets.
    if (about.size > 64 * 1024)
      return fail([{ at: path, message: 'found more than 64 KiB, wanted a key ring' }])
    return ok(await file.readFile('utf8'))
  } catch (error) {
    const code = errorCode(error) || 'an error'
    return fail([
      { at: path, message: `found ${code}, wanted the key ring; \`tfe init\` makes one` },
    ])
  }
}

/** By the rule for every secret: a group may read what root owns, as a Kubernetes secret is handed over. */
async function isExposed(
  path: string,
  { mode, uid }: Pick<Stats, 'mode' | 'uid'>,
): Promise<boolean> {
  if (process.getuid === undefined) return false
  const { mode: folderMode } = await stat(dirname(path))
  const exposure = fileExposure({ mode, uid, folderMode }, process.getuid())
  return exposure === 'group' || exposure === 'others'
}

/** Lines → ring; empty lines and those that begin with # are skipped. */
export function parseKeyRing(text: string, at: string): Result<KeyRing, readonly Fault[]> {
  const keys = new Map<number, Uint8Array>()
  const faults: Fault[] = []
  for (const [index, line] of text.split(/\r?\n|;/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue
    const [, version = '', encoded = ''] =
      /^\s*(\d{1,9})\s+([A-Za-z0-9+/]+={0,2})\s*$/.exec(line) ?? []
    const key = Buffer.from(encoded, 'base64')
    const where = `${at}:${index + 1}`
    // The line itself may be half a key: it is not repeated.
    if (version === '' || Number(version) === 0) {
      faults.push({ at: where, message: 'found another line, wanted `<version> <key in base64>`' })
    } else if (key.length !== KEY_OCTETS) {
      faults.push({
        at: where,
        message: `found a key of ${key.length} octets, wanted ${KEY_OCTETS}`,
      })
    } else if (keys.has(Number(version))) {
      faults.push({ at: where, message: `found version ${version} again, wanted each once` })
    } else keys.set(Number(version), key)
  }
  if (faults.length > 0) return fail(faults)
  if (keys.size === 0) return fail([{ at, message: 'found no key, wanted at least one' }])
  return ok({ keys })
}

/** AES-256. */
export const KEY_OCTETS = 32

/** The ring with one more key, newer than all. */
export function withNewKey(ring: KeyRing | undefined): KeyRing {
  const versions = ring === undefined ? [] : versionsOf(ring)
  const keys = new Map(ring?.keys)
  keys.set((versions.at(-1) ?? 0) + 1, randomBytes(KEY_OCTETS))
  return { keys }
}

/** Both rings in one; a version that they hold different keys for is a fault, because one of them would be lost. */
export function mergeKeyRings(one: KeyRing, other: KeyRing): Result<KeyRing, readonly Fault[]> {
  const keys = new Map(one.keys)
  for (const [version, key] of other.keys) {
    const held = keys.get(version)
    if (held !== undefined && !Buffer.from(held).equals(key)) {
      const message = `found another key ${version} than this instance has, wanted the same`
      return fail([{ at: 'key ring', message }])
    }
    keys.set(version, key)
  }
  return ok({ keys })
}

/**
 * Writes a ring so that at every moment a whole one is there, and only its owner can read it. The superuser leaves it to
 * those who could read the one before, and a first one to the account of its folder: the program has to open it next.
 */
export async function writeKeyRing(path: string, ring: KeyRing): Promise<void> {
  const unfinished = `${path}.unfinished`
  const before = await stat(path).catch(() => undefined)
  await rm(unfinished, { force: true })
  {
    await using file = await open(unfinished, 'wx', 0o600)
    if (process.getuid?.() === 0) {
      const { uid, gid } = before ?? (await stat(dirname(path)))
      await file.chown(uid, gid)
      if (before !== undefined) await file.chmod(before.mode & OWNER_AND_READING_GROUP)
    }
    await file.writeFile(ringText(ring))
    await file.sync()
  }
  try {
    await rename(unfinished, path)
  } catch (error) {
    // A file that is mounted by itself cannot be replaced: no second copy of the keys is left beside it.
    await rm(unfinished, { force: true })
    throw error
  }
  await using folder = await open(dirname(path), 'r')
  await folder.sync()
}

const OWNER_AND_READING_GROUP = 0o640

const ringText = (ring: KeyRing): string =>
  versionsOf(ring)
    .map(
      (version) => `${version} ${Buffer.from(ring.keys.get(version) ?? []).toString('base64')}\n`,
    )
    .join('')

/** The ring for another instance, under a passphrase; one line of text. */
export function wrapKeyRing(ring: KeyRing, passphrase: string): string {
  const salt = randomBytes(16)
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', deriveKey(passphrase, salt), nonce)
  const body = Buffer.concat([cipher.update(ringText(ring)), cipher.final(), cipher.getAuthTag()])
  return `${BUNDLE_FORMAT}.${[salt, nonce, body].map((part) => part.toString('base64url')).join('.')}`
}

/** Opens what `wrapKeyRing` made. */
export function unwrapKeyRing(text: string, passphrase: string): Result<KeyRing, readonly Fault[]> {
  const at = 'key bundle'
  const [tag, salt = '', nonce = '', body = ''] = text.trim().split('.')
  const sealed = Buffer.from(body, 'base64url')
  const nonceOctets = Buffer.from(nonce, 'base64url')
  if (tag !== BUNDLE_FORMAT || sealed.length < 16 || nonceOctets.length !== 12) {
    return fail([{ at, message: 'found something else, wanted what `tfe keys export` wrote' }])
  }
  const key = deriveKey(passphrase, Buffer.from(salt, 'base64url'))
  const decipher = createDecipheriv('aes-256-gcm', key, nonceOctets, { authTagLength: 16 })
  decipher.setAuthTag(sealed.subarray(-16))
  try {
    const ring = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()])
    return parseKeyRing(ring.toString(), at)
  } catch {
    const message =
      'found a bundle that does not open, wanted the passphrase that it was written with'
    return fail([{ at, message }])
  }
}

const BUNDLE_FORMAT = 'tfe-keys-1'

/** 128 MiB and about half a second per guess: a bundle travels, and may be caught. */
const deriveKey = (passphrase: string, salt: Buffer): Buffer =>
  scryptSync(passphrase.normalize('NFC'), salt, 32, { N: 131_072, r: 8, p: 1, maxmem: 256 << 20 })
