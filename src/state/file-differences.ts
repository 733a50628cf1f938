/**
 * In what the configuration file says another thing than the store, and which of the two is in force (decision 30). Start,
 * reload, `tfe check`, `tfe config diff`, the admin API and the metric all ask this one comparison.
 *
 * The file cannot say `cut-off`, and nothing about OAuth endpoints: there is nothing to compare.
 */
import type { Config } from '../config/config.ts'
import { enforcementInForce } from '../fleet/enforcement-in-force.ts'
import { verificationChanges } from '../upstream-tls/verification.ts'
import type { FileDifference } from './file-difference.ts'
import { settingDifferences } from './setting-differences.ts'
import type { StoreRules } from './store-rules.ts'
import { fileSettings } from './upstream-tls.ts'

/** Returns the differences in the order of the file; none where there is no store. */
export function fileDifferences(
  config: Config,
  rules: StoreRules | undefined,
): readonly FileDifference[] {
  if (rules === undefined) return []
  return [
    ...enforcementDifference(config, rules),
    ...approvalDifference(config, rules),
    ...settingDifferences(config, rules),
    ...config.upstreams.flatMap((upstream) => upstreamDifferences(upstream, rules)),
  ]
}

function enforcementDifference(config: Config, { latch }: StoreRules): readonly FileDifference[] {
  const { enforcement, enforcementStated, enforcementAt: at } = config
  if (!enforcementStated || enforcement === latch) return []
  const isHeld = enforcementInForce(config, latch).saidBy === 'file'
  return [
    {
      kind: 'enforcement',
      at,
      subject: 'enforcement',
      file: `enforcement: ${enforcement}`,
      store: latch === 'required' ? 'that certificates are required for good' : 'recording',
      inForce: isHeld ? 'file' : 'latch',
      holds: isHeld,
      commands: isHeld ? ['tfe enforce require'] : [],
      nextStep: isHeld
        ? 'run `tfe enforce require`, or take the line out'
        : 'write enforcement: required, or take the line out',
    },
  ]
}

function approvalDifference(
  { approval: { model, modelStated, modelAt: at } }: Config,
  { approvalModel }: StoreRules,
): readonly FileDifference[] {
  if (!modelStated || approvalModel === undefined || approvalModel === model) return []
  return [
    {
      kind: 'approval-model',
      at,
      subject: 'approval.model',
      file: `approval.model: ${model}`,
      store: approvalModel,
      inForce: 'file',
      holds: false,
      commands: [`tfe approval use ${model}`],
      nextStep: `take approval.model out of the file and let the store decide; \`tfe approval use ${model}\` then keeps it as it is`,
    },
  ]
}

/** Of what the file states itself; it beats what was applied before it did. */
function upstreamDifferences(
  { name, tls }: Config['upstreams'][number],
  { upstreamTls }: StoreRules,
): readonly FileDifference[] {
  const page = upstreamTls.find(({ upstream }) => upstream === name)
  if (tls === undefined || page === undefined) return []
  const { verification, stated } = fileSettings(tls)
  return verificationChanges(verification, { ...verification, ...page.chosen })
    .filter(({ setting }) => stated.includes(setting))
    .map(({ setting, from, to }) => ({
      kind: 'upstream-tls',
      at: tls.places[setting],
      subject: name,
      file: `${setting} ${from} for the upstream ${name}`,
      store: from === to ? 'other certificates' : to,
      inForce: 'file',
      holds: false,
      commands: [],
      nextStep: 'take it out of the file to let the store decide',
    }))
}
