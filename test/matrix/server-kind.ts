/** What a kind of server has to offer the matrix, and what all kinds need. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Kind, ServerSpec } from './row.ts'

/** Servers that run, in the order of their descriptions. */
export interface Running extends AsyncDisposable {
  readonly ports: readonly number[]
}

export interface ServerKind {
  readonly kind: Kind
  /** The Debian package that brings it. */
  readonly package: string
  readonly isInstalled: () => boolean
  readonly start: (specs: readonly ServerSpec[], folder: string) => Promise<Running>
}

/** The suites of TLS 1.3 apart: every program wants them elsewhere. Old protocols need the lowest security level. */
export function suitesOf({ suites }: ServerSpec): {
  readonly older: string
  readonly newer: string | undefined
} {
  if (suites === undefined) return { older: 'ALL:!aNULL:@SECLEVEL=0', newer: undefined }
  const newer = suites.filter((name) => name.startsWith('TLS_'))
  const older = suites.filter((name) => !name.startsWith('TLS_'))
  return {
    older: [...(older.length === 0 ? ['ALL', '!aNULL'] : older), '@SECLEVEL=0'].join(':'),
    newer: newer.length === 0 ? undefined : newer.join(':'),
  }
}

/** What was started, handed over: its owner ends it. */
export function kept(ports: readonly number[], stack: AsyncDisposableStack): Running {
  const ending = stack.move()
  return { ports, [Symbol.asyncDispose]: () => ending.disposeAsync() }
}

/** Writes files into a folder of its own, and answers their paths. */
export function writerIn(folder: string): (name: string, text: string) => string {
  mkdirSync(folder, { recursive: true })
  return (name, text) => {
    const path = join(folder, name)
    writeFileSync(path, text, { mode: 0o600 })
    return path
  }
}
