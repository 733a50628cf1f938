/**
 * Changes the process configuration while serving, one change at a time: for an operator with a new file, for the store
 * with new rules, for the clock with a new ticket secret.
 */
import { randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { Config, LoadedConfig } from '../../config/config.ts'
import type { Fault, Result } from '../../kernel/types.ts'
import type { StoreRules } from '../../state/store-rules.ts'
import { compileConfig, differenceFault, type CompiledConfig } from '../../state/compiled-config.ts'
import { afterUnref, SYSTEM_CLOCK } from '../process/system-clock.ts'
import type { WorkerPool } from '../workers/pool.ts'
import { fixedFaults } from './fixed-settings.ts'
import { logNewDangers, logNewWarnings } from './new-warnings.ts'
import { stricterFileFaults } from './stricter-file.ts'
import type { ProcessLogger } from '../log.ts'
import type { ReloadMetrics } from './metrics.ts'
import { fileStamp } from '../../config/reading/files.ts'
import { FileWatch } from './file-watch.ts'
import { ContentReplacement } from './content-replacement.ts'
import type { Revocation } from '../revocation/revocation.ts'
import { TicketRotation } from './ticket-rotation.ts'
import type { TicketSecret, TicketSource } from './shared-ticket-secret.ts'
import type { ProcessConfig } from '../process/process-config.ts'

/** What a reload came to. */
export type ReloadOutcome =
  | {
      readonly kind: 'applied'
      readonly from: number
      readonly to: number
      /** Of a file that says another thing than the store: each difference, where there is one. */
      readonly differences?: readonly Fault[]
    }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'refused'; readonly faults: readonly Fault[] }

export interface ReloadCoordinatorDeps {
  readonly pool: WorkerPool
  readonly logger: ProcessLogger
  readonly reloadMetrics: ReloadMetrics
  readonly revocation: Revocation
  /** Where the secret behind session tickets comes from. */
  readonly tickets: TicketSource
  /** Reads a document again, with what its references hold now. */
  readConfiguration(document: Buffer): Promise<Result<LoadedConfig, readonly Fault[]>>
  /** Reads the certificate of the admin API, where that is served; what it answers brings it into force. */
  renewAdmin(config: Config): Result<() => void, readonly Fault[]>
  /** The store's rules, worked out anew for a file that states other things. */
  rulesFor(config: Config): Promise<StoreRules | undefined>
}

/** What it begins with. */
export interface InitialState {
  /** As the file has it; `compiled` is what it amounts to under the rules. */
  readonly config: Config
  readonly rules: StoreRules | undefined
  readonly compiled: CompiledConfig
  /** The octets of the file. */
  readonly document: Buffer
  readonly files: LoadedConfig['files']
  /** Of reading the file; `compiled` has those of what it amounts to. */
  readonly fileWarnings: readonly Fault[]
  readonly tickets: TicketSecret
}

/** One per front end, in the primary. */
export class ReloadCoordinator {
  processConfig: ProcessConfig
  /** What `processConfig` amounts to, as this process built it. */
  compiled: CompiledConfig
  builtAt = SYSTEM_CLOCK.now()
  started = false
  /** The end is announced: no new traffic should come, and what comes is served. */
  endAnnounced = false
  draining = false
  readonly rotation: TicketRotation
  readonly #deps: ReloadCoordinatorDeps
  #fileWarnings: readonly Fault[]
  readonly #content: ContentReplacement
  readonly #files: FileWatch
  #queue: Promise<unknown> = Promise.resolve()

  constructor(
    { compiled, config, document, files, fileWarnings, rules, tickets }: InitialState,
    deps: ReloadCoordinatorDeps,
  ) {
    this.#fileWarnings = fileWarnings
    this.processConfig = {
      config,
      version: 1,
      ticketSecret: tickets.secret,
      accountKey: randomBytes(SECRET_OCTETS),
      rules,
    }
    this.compiled = compiled
    this.#deps = deps
    this.#content = new ContentReplacement(document, {
      read: (known) => deps.readConfiguration(known),
      apply: (next, isInForce) => this.#applyContent(next, isInForce),
    })
    this.#files = new FileWatch(files, {
      every: () => this.processConfig.config.watchFiles,
      stampOf: fileStamp,
      changed: (paths) => this.#filesChanged(paths),
      bug: (error) => deps.logger.log.error({ err: error }, 'internal error in a look at files'),
      after: afterUnref,
    })
    this.rotation = new TicketRotation(() => this.#updateTicketSecret(() => deps.tickets.replace()))
    this.rotation.replaced(tickets.age)
  }

  /** One at a time: a second trigger waits for the first to end. */
  reload(next: Result<LoadedConfig, readonly Fault[]>): Promise<ReloadOutcome> {
    return this.#enqueue(() => this.#reload(next))
  }

  /** The store has other rules for the whole fleet. What they say of the latch and of CAs is in force before this resolves. */
  applyStoreRules(rules: StoreRules, changed: readonly string[]): Promise<ReloadOutcome> {
    return this.#enqueue(async () => {
      if (this.draining) return { kind: 'unchanged' }
      const outcome = await this.#applyConfig(this.processConfig.config, rules, this.#fileWarnings)
      const { log } = this.#deps.logger
      const facts = { revision: rules.revision, changed, ...outcome }
      if (outcome.kind === 'refused') {
        log.error(facts, 'a change of the store is not in force: the rules before it are')
      } else log.info(facts, 'a change of the store is in force')
      return outcome
    })
  }

  /** Why no traffic should come; undefined while the front end serves. */
  notReadyReason(): string | undefined {
    if (this.draining) return 'draining'
    if (this.endAnnounced) return 'about to end: new connections are still served for a while'
    return this.started ? undefined : 'starting'
  }

  /** What `/readyz` says although traffic may come: words of the file that hold against the store. */
  degradedReason(): string | undefined {
    const held = this.compiled.differences.filter(({ holds }) => holds)
    const words = held.map(({ file }) => file).join(', ')
    const reasons = [
      ...(held.length === 0
        ? []
        : [
            `the configuration file is stricter than the store, and holds as long as it is (${words}): \`tfe config diff\` names the commands that store it`,
          ]),
      ...this.refusedContent().map(
        (why) => `files or secrets were read again and refused, those before are in force: ${why}`,
      ),
    ]
    return reasons.length === 0 ? undefined : reasons.join('; ')
  }

  /** Why files, or secrets of the store, were refused when they were last read again; those before are in force. */
  refusedContent(): readonly string[] {
    return this.#content.faults.map(({ at, message }) => `${at}: ${message}`)
  }

  /** From now on files that change are taken over. */
  watchFiles(): void {
    this.#files.begin()
  }

  /** Looks at once; settles when what has changed is in force or refused. */
  lookAtFiles(): Promise<void> {
    return this.#files.look()
  }

  stop(): void {
    this.draining = true
    this.#files.stop()
    this.rotation.stop()
    this.#deps.revocation.close()
  }

  #enqueue<Value>(work: () => Promise<Value>): Promise<Value> {
    const outcome = this.#queue.then(work)
    this.#queue = outcome.catch(() => undefined)
    return outcome
  }

  async #reload(next: Result<LoadedConfig, readonly Fault[]>): Promise<ReloadOutcome> {
    const outcome = await this.#applyFile(next)
    this.#deps.reloadMetrics.count(outcome.kind)
    const { log } = this.#deps.logger
    if (outcome.kind === 'refused') {
      const { faults } = outcome
      log.error({ faults }, 'reload refused: the previous configuration stays in force')
    } else log.info(outcome, `reload ${outcome.kind}`)
    return outcome
  }

  async #applyFile(next: Result<LoadedConfig, readonly Fault[]>): Promise<ReloadOutcome> {
    if (!next.ok) return { kind: 'refused', faults: next.failure }
    // Reading may have taken longer than the end of the process, or begun before it.
    if (this.draining) return { kind: 'unchanged' }
    const { config, warnings } = next.value
    if (isDeepStrictEqual(config, this.processConfig.config)) {
      this.#settled(next.value)
      // An operator who asks for a reload may be waiting for a revocation.
      this.#deps.revocation.refresh()
      return { kind: 'unchanged' }
    }
    const faults = fixedFaults(this.processConfig.config, config)
    if (faults.length > 0) {
      const { rules } = this.processConfig
      const compiled = compileConfig(config, SYSTEM_CLOCK.now(), { rules })
      return { kind: 'refused', faults: compiled.ok ? faults : [...faults, ...compiled.failure] }
    }
    const rules = await this.#deps.rulesFor(config)
    const before = this.processConfig.config
    const renewal = this.#deps.renewAdmin(config)
    const outcome = await this.#applyConfig(config, rules, warnings, (compiled) => [
      ...stricterFileFaults(
        { config: this.processConfig.config, compiled: this.compiled },
        { config, compiled },
        rules,
      ),
      ...(renewal.ok ? [] : renewal.failure),
    ])
    if (outcome.kind === 'refused') await this.#deps.rulesFor(this.processConfig.config)
    if (outcome.kind === 'applied') {
      this.#settled(next.value)
      if (renewal.ok) renewal.value()
      // One of these may have been replaced after it was read: until now that was of no interest here.
      this.secretsReplaced(newNames(before, config))
    }
    if (outcome.kind !== 'applied' || this.compiled.differences.length === 0) return outcome
    return { ...outcome, differences: this.compiled.differences.map(differenceFault) }
  }

  #settled({ document, files }: LoadedConfig): void {
    this.#content.settled(document)
    this.#files.settled(files)
  }

  async #filesChanged(files: readonly string[]): Promise<void> {
    if (this.draining) return
    const { log } = this.#deps.logger
    log.info({ files }, 'files that the configuration names have changed and are read again')
    await this.#content.replaced()
  }

  /** Compiles it here first: what this process can compile, every worker can, so that a part of the pool never moves on alone. */
  async #applyConfig(
    config: Config,
    rules: StoreRules | undefined,
    fileWarnings: readonly Fault[],
    faultsOf: (compiled: CompiledConfig) => readonly Fault[] = () => [],
  ): Promise<ReloadOutcome> {
    const { pool, revocation, logger } = this.#deps
    const compiled = compileConfig(config, SYSTEM_CLOCK.now(), { rules })
    if (!compiled.ok) return { kind: 'refused', faults: compiled.failure }
    const faults = faultsOf(compiled.value)
    if (faults.length > 0) return { kind: 'refused', faults }
    const from = this.processConfig.version
    const processConfig = { ...this.processConfig, config, rules, version: from + 1 }
    // New lists first: under hard-fail a setting without its list would turn away its devices.
    await revocation.adopt(compiled.value)
    const answer = await pool.reload(processConfig)
    if (answer.kind === 'refused') {
      // The lists of the configuration that stays in force.
      await revocation.restore(this.compiled)
      return answer
    }
    logNewDangers(compiled.value.config, this.compiled.config, logger)
    logNewWarnings(
      { fileWarnings, compiled: compiled.value },
      { fileWarnings: this.#fileWarnings, compiled: this.compiled },
      logger,
    )
    this.#fileWarnings = fileWarnings
    this.processConfig = processConfig
    this.compiled = compiled.value
    this.builtAt = SYSTEM_CLOCK.now()
    revocation.release(compiled.value)
    revocation.refresh()
    return { kind: 'applied', from, to: processConfig.version }
  }

  /** Secrets of the store were replaced, any of them where there is no list: those are read again that are in force here. */
  secretsReplaced(names: readonly string[] | undefined): void {
    const isUsed = this.processConfig.config.storedSecrets.some(
      ({ name }) => names === undefined || names.includes(name),
    )
    if (!isUsed || this.draining) return
    this.#content
      .replaced()
      .catch((error: unknown) =>
        this.#deps.logger.log.error({ err: error }, 'internal error in taking over a secret'),
      )
  }

  #applyContent(
    next: Result<LoadedConfig, readonly Fault[]>,
    isInForce: () => boolean,
  ): Promise<readonly Fault[] | 'overtaken'> {
    return this.#enqueue(async () => {
      if (this.draining) return []
      if (!isInForce()) return 'overtaken'
      const outcome = await this.#reload(next)
      return outcome.kind === 'refused' ? outcome.faults : []
    })
  }

  /** A secret of the store was replaced: perhaps the one behind session tickets, by another replica. */
  ticketSecretChanged(): void {
    this.#updateTicketSecret(() => this.#deps.tickets.refresh())
  }

  #updateTicketSecret(next: () => Promise<TicketSecret | undefined>): void {
    this.#enqueue(async () => {
      if (this.draining) return
      const tickets = await next()
      if (tickets === undefined) return
      const old = this.processConfig.ticketSecret
      this.processConfig = { ...this.processConfig, ticketSecret: tickets.secret }
      this.rotation.replaced(tickets.age)
      try {
        await this.#deps.pool.reload(this.processConfig)
        this.#deps.logger.log.info({}, 'ticket secret replaced')
      } finally {
        old.fill(0)
      }
    }).catch((error: unknown) =>
      this.#deps.logger.log.error({ err: error }, 'ticket rotation failed'),
    )
  }
}

const SECRET_OCTETS = 32

/** The secrets of the store that a configuration takes, and the one before it did not. */
const newNames = (before: Config, after: Config): readonly string[] =>
  after.storedSecrets
    .map(({ name }) => name)
    .filter((name) => before.storedSecrets.every((one) => one.name !== name))
