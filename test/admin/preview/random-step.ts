/**
 * Changes that are previewed, drawn at random, and made through the store as the admin API makes them.
 */
import type { PreviewedStep } from '../../../src/admin/preview/change.ts'
import type { Instant } from '../../../src/kernel/types.ts'
import { SYNC_PORT } from '../../../src/store/settings/ports.ts'
import type { Store } from '../../../src/store/store.ts'
import type { SeededRandom } from '../../support/seeded-random.ts'
import { unwrap } from '../../support/store/sightings.ts'
import { DAY, NOW } from './fleet-cas.ts'
import { BY, RETENTION, type RandomState } from './random-state.ts'

/** Every change, for counting. */
export const STEP_KINDS = [
  'promote',
  'amend',
  'remove',
  'distrust',
  'approval-model',
  'require-certificates',
  'oauth',
  'close-sync-port',
  'deny',
  'block',
] as const

export const stepName = (step: PreviewedStep): string =>
  JSON.stringify(step, (_, value: unknown) => (value instanceof Set ? [...value] : value))

/** Draws a change; changes of standing that the store refuses are among them. */
export async function randomStep(
  store: Store,
  state: RandomState,
  random: SeededRandom,
): Promise<PreviewedStep> {
  const kind = random.pick([
    ...(['standing', 'standing', 'standing', 'standing', 'require-certificates'] as const),
    ...(['approval-model', 'oauth', 'close-sync-port', 'deny', 'block'] as const),
  ] as [PreviewedStep['kind'], ...PreviewedStep['kind'][]])
  switch (kind) {
    case 'standing':
      return standingStep(state, random)
    case 'approval-model':
      return { kind, model: random.pick(['off', 'auto', 'manual', 'manual-external']) }
    case 'require-certificates': {
      const { state: latch } = unwrap(await store.enforcement.current())
      // A latch that is thrown cannot be thrown again.
      return latch === 'required' ? standingStep(state, random) : { kind }
    }
    case 'oauth': {
      const { mutual, legacy } = unwrap(await store.oauth.current())
      const endpoint = random.pick<'legacy' | 'modern'>(['legacy', 'modern'])
      const isLast = (endpoint === 'legacy' ? mutual : legacy) === 'disabled'
      const state = isLast
        ? 'enabled'
        : random.pick<'disabled' | 'enabled'>(['disabled', 'enabled'])
      const endpoints = {
        modern: mutual,
        legacy: legacy === 'disabled' ? 'disabled' : 'enabled',
      } as const
      return { kind, endpoints: { ...endpoints, [endpoint]: state } }
    }
    case 'close-sync-port':
      return { kind, listener: 'sync' }
    case 'deny':
      return denyStep(store, state, random)
    case 'block':
      return blockStep(store, state, random)
  }
}

function standingStep({ settings }: RandomState, random: SeededRandom): PreviewedStep {
  const [first, ...others] = settings
  if (first === undefined) throw new Error('a state has settings')
  return {
    kind: 'standing',
    setting: random.pick([first, ...others]),
    change: random.pick(['promote', 'promote', 'amend', 'amend', 'remove', 'distrust']),
    retirement: {
      ...(random.oneIn(2) ? { cutOff: random.pick(['not-before', 'known-devices']) } : {}),
      ...(random.oneIn(3)
        ? { sunset: random.pick([undefined, NOW, NOW + DAY]) as Instant | undefined }
        : {}),
    },
  }
}

async function retained(store: Store, state: RandomState) {
  const pages = await Promise.all(
    state.settings.map(
      async (name) => unwrap(await store.devices.retainedCertificates(name, { limit: 1000 })).items,
    ),
  )
  // Keys are new in each run: the order must not depend on them.
  return pages.flat().toSorted((one, two) => (one.subject < two.subject ? -1 : 1))
}

async function denyStep(
  store: Store,
  state: RandomState,
  random: SeededRandom,
): Promise<PreviewedStep> {
  const denied = unwrap(await store.denials.list()).map((one) => one.denied)
  const fresh = (await retained(store, state)).filter(
    ({ key, serial }) =>
      !denied.some((one) => (one.kind === 'key' ? one.key === key : one.serial === serial)),
  )
  const [first, ...others] = fresh
  if (first === undefined) return { kind: 'approval-model', model: 'manual' }
  const { key, issuerKey, serial } = random.pick([first, ...others])
  const target =
    random.oneIn(2) || issuerKey === undefined
      ? ({ kind: 'key', key } as const)
      : ({ kind: 'serial', issuerKey, serial } as const)
  return { kind: 'deny', denied: target }
}

async function blockStep(
  store: Store,
  state: RandomState,
  random: SeededRandom,
): Promise<PreviewedStep> {
  const [first, ...others] = await retained(store, state)
  if (first === undefined) return { kind: 'approval-model', model: 'manual' }
  const { device } = random.pick([first, ...others])
  const signedIds = unwrap(await store.devices.find(device))?.signedIds ?? []
  return { kind: 'block', devices: new Set([device]), signedIds }
}

/** Makes the change. */
export async function makeChange(
  store: Store,
  step: PreviewedStep,
): Promise<{ readonly ok: boolean }> {
  switch (step.kind) {
    case 'standing':
      return changeStanding(store, step)
    case 'approval-model': {
      const body = { model: step.model }
      return store.documents.put(BY, { name: 'approval-model', body }, 'any')
    }
    case 'require-certificates':
      return store.enforcement.require(BY, RETENTION, 'any')
    case 'oauth': {
      const { modern, legacy } = step.endpoints
      return store.oauth.set(BY, { mutual: modern, legacy }, 'any')
    }
    case 'close-sync-port': {
      const forced = { expected: 'any', force: true, listener: 'sync', since: NOW } as const
      return store.ports.close(BY, SYNC_PORT, forced)
    }
    case 'deny':
      return store.denials.add(BY, step.denied, 'lost')
    case 'block':
      return store.approvals.block(
        BY,
        [...step.devices].map((id) => ({ id })),
      )
  }
}

function changeStanding(
  { enrollment }: Store,
  { setting, change, retirement }: PreviewedStep & { readonly kind: 'standing' },
): Promise<{ readonly ok: boolean }> {
  const expected = 'any'
  switch (change) {
    case 'promote': {
      const retiring = { cutOff: 'not-before', sunset: undefined, ...retirement } as const
      return enrollment.promote(BY, setting, { expected, retiring })
    }
    case 'amend':
      return enrollment.amend(BY, setting, { expected, retirement })
    case 'remove':
      return enrollment.remove(BY, setting, { expected, force: true })
    case 'distrust':
      return enrollment.distrust(BY, setting, expected)
  }
}
