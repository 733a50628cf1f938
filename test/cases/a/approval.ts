/**
 * A10: who has to be approved, from where, and for what. A15: what a preview foretells is what the verdict then is,
 * for devices that are known and for those that are not.
 */
import { mintLeaf, type Leaf } from '../../support/certificates/mint.ts'
import { requestOnce } from '../../support/devices/request-once.ts'
import { fleet } from '../../support/front-ends/product.ts'
import type { Scene, Seen } from '../case.ts'
import { frontEnd, type FrontEnd, type FrontEndOptions } from '../front-end.ts'
import { requireCertificates } from './endpoints.ts'

const ROWS = ['{ id: data, path: /data/*, class: device, sensitive: true }']
/** Open, renewal, device, and device marked sensitive. */
const PATHS = ['/enroll/x', '/renew/x', '/device/x', '/data/x']
const PASSES = '200 200 200 200'
const RENEWS = '200 200 403 403'
const NO_DATA = '200 200 200 403'

const listener = (name: string, exposure: string | undefined): string => `
  ${name}:${exposure === undefined ? '' : `\n    exposure: ${exposure}`}
    address: 127.0.0.1
    port: 0
    hosts: [localhost]
    certificates: [{ chain: 'file:server.pem', key: 'file:server.key' }]
    routes: tested`

const statuses = async (on: FrontEnd, name: string, device: Leaf): Promise<string> => {
  const found: number[] = []
  const port = on.product.serving.ports[name] ?? 0
  for (const path of PATHS)
    found.push((await requestOnce({ port }, { version: 'TLSv1.3', device, path })).status)
  return found.join(' ')
}

const choose = async (on: FrontEnd, model: string): Promise<void> => {
  await on.call('PUT', '/api/settings/approval-model', { model })
  await on.inForce()
}

/** Model, and what an unapproved device meets inside and outside: while certificates are recorded, and once required. */
const MODELS = [
  ['off', `${PASSES} / ${PASSES}`, `${PASSES} / ${PASSES}`],
  ['manual', `${PASSES} / ${RENEWS}`, `${NO_DATA} / ${NO_DATA}`],
  ['manual-external', `${PASSES} / ${RENEWS}`, `${NO_DATA} / ${RENEWS}`],
  // The last one: it approves the device.
  ['auto', `${PASSES} / ${PASSES}`, `${PASSES} / ${PASSES}`],
] as const

async function underModels(isRequired: boolean): Promise<readonly Seen[]> {
  await using on = await frontEnd({
    rows: ROWS,
    yaml: {
      ...(isRequired ? {} : { enforcement: ' recording' }),
      listeners: listener('devices', 'internal') + listener('edge', 'external'),
    },
  })
  await choose(on, 'manual')
  const fresh = mintLeaf({ issuer: fleet.devices, name: 'fresh' })
  const approved = mintLeaf({ issuer: fleet.devices, name: 'approved' })
  for (const leaf of [fresh, approved]) await on.status(leaf)
  const { id, version } = await on.known(approved)
  await on.call('POST', '/api/devices/approve', { devices: [{ id, version }] })
  await on.inForce()
  const seen: Seen[] = []
  for (const [model] of MODELS) {
    await choose(on, model)
    const [one, other] = [fresh, approved].map(
      async (leaf) =>
        `${await statuses(on, 'devices', leaf)} / ${await statuses(on, 'edge', leaf)}`,
    )
    seen.push({ seen: (await one) ?? '', control: (await other) ?? '' })
  }
  return seen
}

/** Where a device is, by what the file says of listeners and networks. */
const PLACES: readonly (readonly [
  what: string,
  approval: string,
  exposure: string | undefined,
  seen: string,
])[] = [
  ['a listener marked internal', '', 'internal', PASSES],
  ['a listener marked external', '', 'external', RENEWS],
  ['a listener that nothing marks', '', undefined, RENEWS],
  [
    'a listener that nothing marks, from an internal network',
    'internalNetworks: [127.0.0.0/8]',
    undefined,
    PASSES,
  ],
  [
    'an internal listener, from an external network',
    'externalNetworks: [127.0.0.0/8]',
    'internal',
    RENEWS,
  ],
  [
    'an external listener, from an internal network',
    'internalNetworks: [127.0.0.0/8]',
    'external',
    RENEWS,
  ],
]

async function atPlace(approval: string, exposure: string | undefined): Promise<string> {
  await using on = await frontEnd({
    rows: ROWS,
    yaml: {
      enforcement: ' recording',
      approval: ` { ${['model: manual', approval].filter((one) => one !== '').join(', ')} }`,
      listeners: listener('devices', exposure),
    },
  })
  return await statuses(on, 'devices', mintLeaf({ issuer: fleet.devices, name: 'new' }))
}

const OLD = '/api/enrollment-settings/Old%20Fleet'

/** What is changed, and what a known device of that CA meets then. */
const CHANGES: readonly (readonly [change: string, body: object, code: string])[] = [
  ['distrust', {}, 'distrusted'],
  ['remove', { force: true }, 'untrusted-issuer'],
  ['amend', { sunset: '2020-01-01T00:00:00Z' }, 'sunset'],
  ['amend', { cut_off: 'known-devices' }, 'verified'],
]

interface Foretold {
  readonly setting: string
  readonly from: string
  readonly to: string
}

async function foretold([change, body]: (typeof CHANGES)[number]): Promise<string> {
  await using on = await frontEnd()
  await on.status(fleet.old)
  await on.known(fleet.old)
  const { force: _, ...retirement } = body as { readonly force?: boolean }
  const preview = await on.call('POST', `${OLD}/preview`, { change, ...retirement })
  const { changes } = preview.body as { readonly changes: readonly Foretold[] }
  const told = changes.find(({ setting }) => setting === 'Old Fleet')?.to ?? 'verified'
  if (change === 'amend') await on.call('PATCH', OLD, body)
  else await on.call('POST', `${OLD}/${change}`, change === 'distrust' ? undefined : body)
  await on.inForce()
  const [, code] = (await on.verdict(fleet.old)).split(' ')
  return `foretold ${told}, is ${code}`
}

const PROMOTION: FrontEndOptions = {
  rows: ROWS,
  yaml: {
    trust: `
  enrollmentSettings:
    - { name: Old Fleet, standing: current, chain: 'file:previous.pem' }
    - { name: Fleet, standing: staged, chain: 'file:fleet.pem' }`,
  },
}

/** A device of the retired CA that was never met: what the preview says of its kind, and what it meets. */
async function promoted(model: string): Promise<string> {
  await using on = await frontEnd(PROMOTION)
  await choose(on, model)
  const at = '/api/enrollment-settings/Fleet'
  const retirement = { cut_off: 'not-before', sunset: null }
  const preview = await on.call('POST', `${at}/preview`, { change: 'promote', ...retirement })
  const { unknown } = preview.body as { readonly unknown: readonly Foretold[] }
  const told = unknown.filter(
    ({ setting, to }) => setting === 'Old Fleet' && to === 'unapproved',
  ).length
  await on.call('POST', `${at}/promote`, retirement)
  await on.inForce()
  const day = 86_400_000
  const unmet = mintLeaf({ issuer: fleet.previous, name: 'unmet', notBefore: Date.now() - day })
  return `${told === 0 ? 'none' : 'some'} foretold as unapproved, ${await on.verdict(unmet, '/data/x')}`
}

/** What requiring certificates is foretold to do to a known device, and what it does. */
async function latched(): Promise<string> {
  await using on = await frontEnd({ yaml: { enforcement: ' recording' } })
  await on.status(fleet.beyondGrace)
  await on.known(fleet.beyondGrace)
  const { body } = await on.call('GET', '/api/enforcement')
  const { would_refuse: refuses } = body as {
    readonly would_refuse: readonly { readonly code: string; readonly devices: number }[]
  }
  const told = refuses.map(({ code, devices }) => `${devices} ${code}`).join(' ')
  await requireCertificates(on)
  return `foretold ${told}, is ${await on.verdict(fleet.beyondGrace)}`
}

export const APPROVAL: readonly Scene[] = [
  ...([false, true] as const).map((isRequired) => ({
    cases: MODELS.map(([model, recorded, required]) => ({
      id: 'A10',
      what: `under ${model}, while certificates are ${isRequired ? 'required' : 'recorded'}, an unapproved device reaches inside / outside what the documents say`,
      expected: isRequired ? required : recorded,
      control: `${PASSES} / ${PASSES}`,
    })),
    play: () => underModels(isRequired),
  })),
  {
    cases: PLACES.map(([what, , , expected]) => ({
      id: 'A10',
      what: `an unapproved device on ${what} is ${expected === PASSES ? 'inside' : 'outside'}`,
      expected,
    })),
    async play() {
      const seen: Seen[] = []
      for (const [, approval, exposure] of PLACES)
        seen.push({ seen: await atPlace(approval, exposure) })
      return seen
    },
  },
  {
    cases: CHANGES.map(([change, body, code]) => ({
      id: 'A15',
      what: `the preview of ${change} ${Object.keys(body).join(' ')} foretells the verdict on a known device`,
      expected: `foretold ${code}, is ${code}`,
    })),
    async play() {
      const seen: Seen[] = []
      for (const change of CHANGES) seen.push({ seen: await foretold(change) })
      return seen
    },
  },
  {
    cases: [
      {
        id: 'A15',
        what: 'the preview of a promotion foretells what a device meets that was not met before',
        expected: 'none foretold as unapproved, 200 verified',
        control: 'none foretold as unapproved, 403 unapproved',
      },
      {
        id: 'A15',
        what: 'the preview of requiring certificates foretells the verdict',
        expected: 'foretold 1 expired-beyond-grace, is 403 expired-beyond-grace',
      },
    ],
    async play() {
      const [seen, control] = await Promise.all([promoted('auto'), promoted('manual')])
      return [{ seen, control }, { seen: await latched() }]
    },
  },
]
