/**
 * A10: the rows that presets mark as sensitive ask for approval, once certificates are required and the model is manual,
 * and the rows beside them do not. The control is an approved device.
 */
import { mintLeaf, type Leaf } from '../../support/certificates/mint.ts'
import { requestOnce } from '../../support/devices/request-once.ts'
import { fleet } from '../../support/front-ends/product.ts'
import type { Scene, Seen } from '../case.ts'
import { frontEnd, type FrontEnd } from '../front-end.ts'
import { requireCertificates } from './endpoints.ts'

interface PresetPaths {
  readonly preset: string
  /** Lines of rows: those that wait for a path or are off, and one of the operator's own. */
  readonly rows: readonly string[]
  readonly marked: readonly string[]
  readonly others: readonly string[]
}

const OWN = '{ id: own, path: /own/*, class: device }'
const OWN_PATH = '/own/x'
const APPS = ['/mifs/c/api/v4/appstore/x', '/mifs/asfV3/appstore/x', '/mifs/asfV3x/appstore/x']
const CHECK_IN = [
  '{ id: client-check-in, path: /check-in/*, enabled: true }',
  '{ id: ios-mdm, enabled: true }',
  '{ id: windows-check-in, path: /windows/*, enabled: true }',
  '{ id: renewal, path: /renew/*, enabled: true }',
  OWN,
]
const CHECK_IN_PATHS = ['/check-in/x', '/mifs/c/i/mdm/x', '/windows/x']
const BESIDE = ['/mifs/c/i/reg/x', '/renew/x', OWN_PATH]

const PRESETS: readonly PresetPaths[] = [
  { preset: 'generic', rows: [OWN], marked: ['/', '/device/x'], others: [OWN_PATH] },
  { preset: 'epmm', rows: CHECK_IN, marked: [...CHECK_IN_PATHS, ...APPS], others: BESIDE },
  { preset: 'core-10', rows: CHECK_IN, marked: [...CHECK_IN_PATHS, ...APPS], others: BESIDE },
  {
    preset: 'nanomdm',
    rows: [OWN, '{ id: scep, enabled: true }'],
    marked: ['/mdm/x', '/authproxy/x'],
    others: ['/checkin/x', '/scep/x', OWN_PATH],
  },
  {
    preset: 'epmm',
    rows: ['{ id: apps-data, sensitive: false }', OWN],
    marked: APPS.slice(1),
    others: [APPS[0] ?? '', OWN_PATH],
  },
]

const statuses = async (
  { product }: FrontEnd,
  device: Leaf,
  paths: readonly string[],
): Promise<string> => {
  const found: number[] = []
  for (const path of paths) {
    found.push((await requestOnce(product, { version: 'TLSv1.3', device, path })).status)
  }
  return found.join(' ')
}

/** On the marked rows, and on those beside them. */
const all = (count: number, status: number): string => Array(count).fill(status).join(' ')

async function play({ preset, rows, marked, others }: PresetPaths): Promise<Seen> {
  await using on = await frontEnd({
    yaml: {
      enforcement: ' recording',
      approval: ' { internalNetworks: [127.0.0.0/8] }',
      routes: `
  tested:
    preset: ${preset}
    upstream: mdm
    rows:
${rows.map((row) => `      - ${row}\n`).join('')}`,
    },
  })
  await on.call('PUT', '/api/settings/approval-model', { model: 'manual' })
  const fresh = mintLeaf({ issuer: fleet.devices, name: 'fresh' })
  const approved = mintLeaf({ issuer: fleet.devices, name: 'approved' })
  for (const leaf of [fresh, approved]) await on.status(leaf, OWN_PATH)
  const { id, version } = await on.known(approved)
  await on.call('POST', '/api/devices/approve', { devices: [{ id, version }] })
  const before = await statuses(on, fresh, marked)
  if (before !== all(marked.length, 200)) throw new Error(`while recording: ${before}`)
  // Now what is inside is asked for approval as well.
  await requireCertificates(on)
  const [seen = '', control = ''] = await Promise.all(
    [fresh, approved].map(
      async (leaf) => `${await statuses(on, leaf, marked)} / ${await statuses(on, leaf, others)}`,
    ),
  )
  return { seen, control }
}

export const PRESET_MARKS: readonly Scene[] = PRESETS.map((one) => ({
  cases: [
    {
      id: 'A10',
      what: `an unapproved device is refused on the rows that the preset ${one.preset} marks sensitive${one.rows.some((row) => row.includes('sensitive: false')) ? ', without the one that the operator took the mark from' : ''}, and served on the others`,
      expected: `${all(one.marked.length, 403)} / ${all(one.others.length, 200)}`,
      control: `${all(one.marked.length, 200)} / ${all(one.others.length, 200)}`,
    },
  ],
  play: async () => [await play(one)],
}))
