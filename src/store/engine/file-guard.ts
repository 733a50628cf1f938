/**
 * Whether the path of a store still names the file that is open, and whether that is the file that was opened: asked
 * before a statement and after it, so that no change is acknowledged that went to a file nothing will be read from, and
 * nothing is read from a file that was put there meanwhile.
 */
import { closeSync, copyFileSync, fstatSync, openSync, statSync, truncateSync } from 'node:fs'
import { isRollbackOf, readRollback } from './rollback-journal.ts'
import { whereItLies } from './where-it-lies.ts'
import { belongsTo, readHead, readJournal, type FileHead, type FileStamp } from './journal-stamp.ts'

/** What is wrong with the file. */
export interface FileFault {
  readonly kind: 'foreign-journal' | 'replaced'
  readonly detail: string
}

/** What the file was when it was looked at last. */
interface Look {
  readonly stamp: FileStamp | undefined
  readonly size: bigint
}

/** Looks at one file for as long as it is open. */
export class FileGuard {
  readonly #path: string
  readonly #file: number
  /** Where SQLite has its log: beside the file that a symbolic link leads to. */
  readonly #journal: string
  /** Where other programs keep what they need to undo a change. */
  readonly #rollback: string
  /** A descriptor of the log, once the database is open. */
  #openJournal: number | undefined
  #last: Look | undefined
  #isOverwritten = false

  /** `file` is a descriptor that stays open. */
  constructor(path: string, file: number) {
    this.#path = path
    this.#file = file
    const at = whereItLies(path)
    this.#journal = `${at}-wal`
    this.#rollback = `${at}-journal`
  }

  /**
   * From now on the log has to stay where it is: SQLite goes on writing into one that was taken away, and after a kill
   * nothing reads that again. No lock is on it that closing this descriptor could take away.
   */
  holdJournal(): void {
    this.#openJournal ??= openSync(this.#journal, 'r')
  }

  /** Once the database is closed. */
  release(): void {
    if (this.#openJournal !== undefined) closeSync(this.#openJournal)
    this.#openJournal = undefined
  }

  /** What is wrong now; a few calls to the system where nothing has changed. */
  fault(): FileFault | undefined {
    try {
      return this.#fault() ?? this.#journalFault()
    } catch (error) {
      const detail = error instanceof Error ? error.message : this.#path
      return { kind: 'replaced', detail: `${this.#path} cannot be looked at (${detail})` }
    }
  }

  /**
   * Takes the changes that are still in the log out of the way of a file that was written over: SQLite writes them into it
   * as it closes.
   */
  setJournalApart(): void {
    if (!this.#isOverwritten) return
    const journal = this.#journal
    const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')
    try {
      copyFileSync(journal, `${journal}.of-replaced-${time}`)
    } finally {
      // A log that cannot be read to its end is not played back.
      truncateSync(journal, 0)
    }
  }

  #fault(): FileFault | undefined {
    const named = statSync(this.#path, { bigint: true, throwIfNoEntry: false })
    if (named === undefined) return replaced(`there is no file at ${this.#path} any more`)
    // Device and inode are compared as they are now, and not with what they were: a remount may number devices anew.
    const open = fstatSync(this.#file, { bigint: true })
    if (named.ino !== open.ino || named.dev !== open.dev)
      return replaced(`${this.#path} is another file now than the one that was opened`)
    const head = readHead(this.#file)
    const look = { stamp: head?.stamp, size: open.size }
    const last = this.#last
    const isSame = last !== undefined && isSameStamp(last.stamp, look.stamp)
    if (isSame && (look.size >= last.size || isWhole(head, look.size))) {
      this.#last = look
      return undefined
    }
    if (isSame) return this.#overwritten(`${this.#path} was cut to ${look.size} octets`)
    // With its log open SQLite plays back no other journal.
    if (last === undefined && !fitsSoon(() => this.#fitsRollback())) {
      const detail = `${this.#rollback} undoes a change of another file than ${this.#path}`
      return { kind: 'foreign-journal', detail }
    }
    if (!fitsSoon(() => belongsTo(readHead(this.#file), readJournal(this.#journal)))) {
      if (last !== undefined)
        return this.#overwritten(`${this.#path} was written over while it was open`)
      const detail = `${this.#journal} holds changes to another file than ${this.#path}`
      return { kind: 'foreign-journal', detail }
    }
    this.#last = look
    this.#isOverwritten = false
    return undefined
  }

  #journalFault(): FileFault | undefined {
    if (this.#openJournal === undefined) return undefined
    const named = statSync(this.#journal, { bigint: true, throwIfNoEntry: false })
    const open = fstatSync(this.#openJournal, { bigint: true })
    if (named?.ino === open.ino && named.dev === open.dev) return undefined
    return replaced(`the journal ${this.#journal} was taken away while it was in use`)
  }

  #overwritten(detail: string): FileFault {
    this.#isOverwritten = true
    return replaced(detail)
  }

  #fitsRollback(): boolean {
    const found = readRollback(this.#rollback)
    return found === undefined || isRollbackOf(readHead(this.#file), found)
  }
}

/** Another process may be about to write the file back or to begin its log anew: only what stays is a fault. */
function fitsSoon(fits: () => boolean): boolean {
  for (let look = 1; ; look += 1) {
    if (fits()) return true
    if (look === LOOKS) return false
    Atomics.wait(PAUSE_CELL, 0, 0, PAUSE_MS)
  }
}

const LOOKS = 5
const PAUSE_MS = 20
const PAUSE_CELL = new Int32Array(new SharedArrayBuffer(4))

const replaced = (detail: string): FileFault => ({ kind: 'replaced', detail })

/** A `VACUUM` by another program makes a file shorter and leaves the stamp, and the header says how long it is then. */
const isWhole = (head: FileHead | undefined, size: bigint): boolean =>
  head !== undefined && size >= BigInt(head.octets)

const isSameStamp = (one: FileStamp | undefined, other: FileStamp | undefined): boolean =>
  one?.own === other?.own && one?.before === other?.before
