/**
 * The tests and what they test, loaded into this thread by Node itself: instrumented sources in place of the real
 * ones, and a `test` that collects in place of vitest's. `expect` is vitest's own.
 */
import { readFileSync } from 'node:fs'
import { registerHooks, stripTypeScriptTypes } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'

/** One test of one file. */
export interface Test {
  readonly file: string
  readonly name: string
  readonly body: () => unknown
}

/** The switch that instrumented sources ask, and what it saw. */
export interface Switch {
  /** The mutant that is in force. */
  active: number
  /** Where every mutant that is reached is noted; nowhere when undefined. */
  reached: Set<number> | undefined
  /** Rounds that loops may still make. */
  rounds: number
}

declare global {
  var tfeMutation: {
    readonly is: (id: number) => boolean
    readonly loop: () => void
    readonly test: Collect & { readonly skipIf: (isSkipped: boolean) => Collect }
  }
}

type Collect = (name: string, body: () => unknown) => void

/** No test needs a tenth of it; a mutant that loops for ever is through within a second. */
const MAX_ROUNDS = 1_000_000

const VITEST = 'tfe-mutation:vitest'

/** Modules in place of those on the disk; `root` ends with a slash. */
export class LoadedTests {
  readonly toggle: Switch = { active: -1, reached: undefined, rounds: MAX_ROUNDS }
  readonly #root: string
  readonly #sources: Map<string, string>
  /** Who imports a module, by path. */
  readonly #importers = new Map<string, Set<string>>()
  #collected: Test[] = []
  #generation = 0
  /** What the present generation loads anew. */
  #fresh: ReadonlySet<string> = new Set()

  constructor(root: string, instrumented: ReadonlyMap<string, string>) {
    this.#root = root
    this.#sources = new Map(
      [...instrumented].map(([path, source]) => [path, stripTypeScriptTypes(source)]),
    )
    const collect: Collect = (name, body) => void this.#collected.push({ file: '', name, body })
    globalThis.tfeMutation = {
      is: (id) => {
        this.toggle.reached?.add(id)
        return id === this.toggle.active
      },
      loop: () => {
        this.toggle.rounds -= 1
        if (this.toggle.rounds < 0) throw new Error('this loop does not end')
      },
      test: Object.assign(collect, {
        skipIf: (isSkipped: boolean): Collect => (isSkipped ? () => undefined : collect),
      }),
    }
    this.#hook()
  }

  /** Loads test files and collects their tests; those that were loaded before stay as they are. */
  async load(file: string): Promise<readonly Test[]> {
    this.#collected = []
    this.toggle.rounds = MAX_ROUNDS
    const suffix = this.#fresh.has(file) ? `?fresh=${this.#generation}` : ''
    await import(pathToFileURL(this.#root + file).href + suffix)
    return this.#collected.map((test) => ({ ...test, file }))
  }

  /** From now on `path` and all that import it are loaded anew. Returns the latter. */
  renew(path: string): ReadonlySet<string> {
    this.#generation += 1
    const found = new Set([path])
    for (const one of found)
      for (const importer of this.#importers.get(one) ?? []) found.add(importer)
    this.#fresh = found
    return found
  }

  /** Whether a test passes. */
  async passes({ body }: Test): Promise<boolean> {
    this.toggle.rounds = MAX_ROUNDS
    try {
      await body()
      return true
    } catch {
      return false
    }
  }

  #hook(): void {
    const vitest = import.meta.resolve('vitest')
    registerHooks({
      resolve: (specifier, context, next) => {
        if (specifier === 'vitest') return { url: VITEST, format: 'module', shortCircuit: true }
        const found = next(specifier, context)
        const path = this.#pathOf(found.url)
        if (path === undefined) return found
        const importer = this.#pathOf(context.parentURL ?? '')
        if (importer !== undefined) this.#noteImport(path, importer)
        const isFresh = this.#fresh.has(path) && !found.url.includes('?')
        return isFresh ? { ...found, url: `${found.url}?fresh=${this.#generation}` } : found
      },
      load: (url, context, next) => {
        if (url === VITEST) return { format: 'module', source: shim(vitest), shortCircuit: true }
        const path = this.#pathOf(url)
        if (path === undefined) return next(url, context)
        return { format: 'module', source: this.#sourceOf(path), shortCircuit: true }
      },
    })
  }

  #noteImport(path: string, importer: string): void {
    const importers = this.#importers.get(path) ?? new Set()
    this.#importers.set(path, importers.add(importer))
  }

  /** The path of a source of the project, from its root. */
  #pathOf(url: string): string | undefined {
    if (!url.startsWith('file:')) return undefined
    const path = fileURLToPath(url.replace(/\?.*$/u, ''))
    if (!path.startsWith(this.#root) || !path.endsWith('.ts')) return undefined
    return path.includes('/node_modules/') ? undefined : path.slice(this.#root.length)
  }

  #sourceOf(path: string): string {
    const known = this.#sources.get(path)
    if (known !== undefined) return known
    const source = stripTypeScriptTypes(readFileSync(this.#root + path, 'utf8'))
    this.#sources.set(path, source)
    return source
  }
}

const shim = (vitest: string): string =>
  `export { expect } from ${JSON.stringify(vitest)}\nexport const test = globalThis.tfeMutation.test`
