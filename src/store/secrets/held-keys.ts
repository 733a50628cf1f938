/**
 * The sealing keys that this instance holds while it runs, and where they come from. A key that it holds is never given
 * up before it ends: what is sealed with it would close under a program that serves.
 */
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { access, lstat, readFile, realpath } from 'node:fs/promises'
import { dirname } from 'node:path'
import { codeOrText } from '../../kernel/error-code.ts'
import { fail, ok, type Fault, type Result } from '../../kernel/types.ts'
import { KEY_OCTETS, mergeKeyRings, readKeyRing, writeKeyRing } from './key-ring.ts'
import { versionsOf, type KeyRing } from './seal.ts'

/** Tells others of a key before it is made; a failure says why it may not be. */
type ClaimKey = (next: KeyRing) => Promise<Result<void, string>>

export class HeldKeys {
  #ring: KeyRing
  /** `file:` and a path, or `env:` and a name; undefined for a ring that comes from nowhere. */
  readonly #reference: string | undefined
  /** One addition at a time: of two at once the file would keep one key, and memory the other. */
  #adding: Promise<unknown> = Promise.resolve()

  constructor(ring: KeyRing, reference: string | undefined) {
    this.#ring = ring
    this.#reference = reference
  }

  get ring(): KeyRing {
    return this.#ring
  }

  get newest(): number {
    return versionsOf(this.#ring).at(-1) ?? 0
  }

  /** Whether a configuration names a ring at all. */
  get isThere(): boolean {
    return this.#reference !== undefined || this.#ring.keys.size > 0
  }

  /** Reads the ring again and takes the keys that are new in it; on any fault the keys stay as they are. */
  async refresh(): Promise<Result<void, readonly Fault[]>> {
    if (this.#reference === undefined) return ok(undefined)
    const read = await readKeyRing(this.#reference)
    if (!read.ok) return read
    const both = mergeKeyRings(this.#ring, read.value)
    if (!both.ok) return both
    this.#ring = both.value
    return ok(undefined)
  }

  /** Why no key can be added to the ring from here; undefined where one can. */
  async whyNotAdded(): Promise<string | undefined> {
    const path = this.#path
    if (path === undefined) return 'the key ring is in no file of this machine'
    try {
      // A name for a file elsewhere, as containers are given one, would be replaced by a file here.
      if (!(await lstat(path)).isFile()) return `${path} is no regular file`
      if (await isMounted(path)) return `${path} is mounted by itself, and so cannot be replaced`
      await access(dirname(path), constants.W_OK)
      return undefined
    } catch (error) {
      return `${path} cannot be written (${codeOrText(error)})`
    }
  }

  /**
   * Adds a new key of this version to the ring's file, and holds it; a failure says why and adds none. `claim` is asked
   * before the file is written, with the ring as it will be.
   */
  add(version: number, claim: ClaimKey): Promise<Result<void, string>> {
    const added = this.#adding.then(() => this.#addOne(version, claim))
    this.#adding = added.catch(() => undefined)
    return added
  }

  async #addOne(version: number, claim: ClaimKey): Promise<Result<void, string>> {
    const why = await this.whyNotAdded()
    const path = this.#path
    if (why !== undefined || path === undefined) return fail(why ?? '')
    const fresh = await this.refresh()
    if (!fresh.ok)
      return fail(fresh.failure.map(({ at, message }) => `${at}: ${message}`).join('; '))
    if (this.#ring.keys.has(version)) return ok(undefined)
    const next = { keys: new Map([...this.#ring.keys, [version, randomBytes(KEY_OCTETS)]]) }
    const claimed = await claim(next)
    if (!claimed.ok) return claimed
    try {
      await writeKeyRing(path, next)
    } catch (error) {
      return fail(`${path} cannot be written (${codeOrText(error)})`)
    }
    // What another program wrote at the same moment is in its place: a key that is only held here would be lost.
    const written = await readKeyRing(`file:${path}`)
    const isThere = written.ok && isSameKey(written.value.keys.get(version), next.keys.get(version))
    if (!isThere) return fail(`another program wrote ${path} at the same moment`)
    this.#ring = next
    return ok(undefined)
  }

  get #path(): string | undefined {
    const isFile = this.#reference?.startsWith('file:') === true
    return isFile ? this.#reference?.slice('file:'.length) : undefined
  }
}

/** Whether a file is a mount of its own, as containers are handed one; where the system does not say, it is none. */
async function isMounted(path: string): Promise<boolean> {
  try {
    const mounts = await readFile('/proc/self/mountinfo', 'utf8')
    const written = (await realpath(path)).replaceAll(' ', String.raw`\040`)
    return mounts.split('\n').some((line) => line.split(' ')[4] === written)
  } catch {
    return false
  }
}

const isSameKey = (one: Uint8Array | undefined, other: Uint8Array | undefined): boolean =>
  one !== undefined && other !== undefined && Buffer.from(one).equals(other)
