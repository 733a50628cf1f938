/**
 * Reads from a store, page by page, what the changed rules are asked about. Nothing is written.
 */
import type { Config } from '../../config/config.ts'
import { certificateRequirement, enforcementInForce } from '../../fleet/enforcement-in-force.ts'
import { ok, type Result } from '../../kernel/types.ts'
import type { StoreFailure } from '../../store/failure.ts'
import type { Store } from '../../store/port.ts'
import { applyRules } from '../../state/store-rules.ts'
import { SYNC_PORT } from '../../store/settings/ports.ts'
import { readRules } from '../store-sync/read-rules.ts'
import { readIds } from './read-ids.ts'
import { readFormerAllowAndLog, readUnapproved } from './read-touched.ts'
import type { RuleChange } from './rule-change.ts'
import { ruleChanges, type LinkFact } from './rule-changes.ts'

/** Lists what the rules of this version change for the fleet of a store. */
export async function readRuleChanges(
  store: Store,
  config: Config,
): Promise<Result<readonly RuleChange[], StoreFailure>> {
  const rules = await readRules(store, config, 0)
  if (!rules.ok) return rules
  const links = await readLinks(store)
  if (!links.ok) return links
  const ids = await readIds(store)
  if (!ids.ok) return ids
  const devices = await readUnapproved(store, applyRules(config, rules.value))
  if (!devices.ok) return devices
  const formerAllowAndLog = await readFormerAllowAndLog(store, config.upstreams)
  if (!formerAllowAndLog.ok) return formerAllowAndLog
  const administrators = await store.admins.list()
  if (!administrators.ok) return administrators
  const settings = await store.enrollment.list()
  if (!settings.ok) return settings
  const pending = await store.devices.count({ migration: 'pending' }, [])
  if (!pending.ok) return pending
  const ports = await store.ports.list()
  if (!ports.ok) return ports
  const closed = ports.value.some(({ name, state }) => name === SYNC_PORT && state === 'closed')
  return ok(
    ruleChanges({
      config,
      rules: rules.value,
      schema: store.schemaFound,
      links: links.value,
      ...ids.value,
      unapproved: devices.value,
      formerAllowAndLog: formerAllowAndLog.value,
      administrators: administrators.value.map(({ name }) => name),
      unstatedLists: settings.value
        .filter(({ revocation }) => revocation === 'unstated')
        .map(({ name }) => name),
      oauth: {
        certificates: certificateRequirement(enforcementInForce(config, rules.value.latch)),
        pending: pending.value,
        syncPortOpen: !closed && config.listeners.some(({ purpose }) => purpose === 'sync'),
      },
    }),
  )
}

async function readLinks({
  links,
}: Pick<Store, 'links'>): Promise<Result<readonly LinkFact[], StoreFailure>> {
  const found: LinkFact[] = []
  let after: string | undefined
  do {
    const page = await links.refused({ limit: PAGE, after })
    if (!page.ok) return page
    for (const { device, kind, value, certificate } of page.value.items) {
      const { subject, code } = certificate
      found.push({ device: device.id, name: device.inventory?.name ?? subject, kind, value, code })
    }
    after = page.value.next
  } while (after !== undefined)
  return ok(found)
}

const PAGE = 1000
