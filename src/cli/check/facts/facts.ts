/** What `tfe check` says in words, as data for programs: times in RFC 3339, lengths of time in milliseconds. */
import type { Config } from '../../../config/config.ts'
import { presetFacts } from '../../../config/routes/preset-facts.ts'
import type { CompiledConfig } from '../../../state/compiled-config.ts'
import { approvalFacts } from './approval.ts'
import { listenerFacts } from './listeners.ts'
import { routeFacts } from './routes.ts'
import { storeFacts } from './store.ts'
import { trustFacts } from './trust.ts'
import { upstreamFacts } from './upstreams.ts'

/** Without a compiled configuration, null where files would say more. */
export function configurationFacts(config: Config, compiled: CompiledConfig | undefined): object {
  const { address, port } = config.metrics
  const facts = presetFacts(config)
  return {
    workers: config.workers,
    metrics: { address, port },
    listeners: config.listeners.map((one) => listenerFacts(one, compiled?.listeners.get(one.name))),
    ...trustFacts(config, compiled),
    approval: approvalFacts(config),
    routes: routeFacts(config),
    rows_off: facts.filter(({ kind }) => kind !== 'question'),
    to_confirm: facts.filter(({ kind }) => kind === 'question'),
    upstreams: config.upstreams.map((one) =>
      upstreamFacts(one, compiled?.upstreams.get(one.name)?.identity),
    ),
    ...storeFacts(config),
  }
}
