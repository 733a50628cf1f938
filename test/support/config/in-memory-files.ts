import { basename, extname } from 'node:path'
import type { FileFailure, FileReader } from '../../../src/config/reading/files.ts'
import { fail, ok } from '../../../src/kernel/types.ts'

/** A disk on which a file's name says what is wrong with it; every other file is there. */
export const inMemoryFiles = (configuration: string, text: string): FileReader => ({
  folder: '/given',
  read: async (path) => {
    if (path === configuration)
      return ok({ bytes: Buffer.from(text), exposure: 'others', stamp: undefined })
    const failure = FAILURES.get(basename(path, extname(path)))
    if (failure !== undefined) return fail(failure)
    const bytes = Buffer.from(`content of ${path}\n`)
    return ok({ bytes, exposure: path.includes('shared') ? 'others' : undefined, stamp: undefined })
  },
  openKeystore: async (bytes) => ok({ keyPem: String(bytes), certificatePems: [], unused: [] }),
})

const FAILURES: ReadonlyMap<string, FileFailure> = new Map([
  ['absent', { kind: 'absent' }],
  ['empty', { kind: 'empty' }],
  ['folder', { kind: 'not-a-file' }],
  ['huge', { kind: 'too-large', limit: 4 * 1024 * 1024 }],
  ['locked', { kind: 'unreadable', code: 'EACCES' }],
])
