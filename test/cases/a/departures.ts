/**
 * A14: what the documents expect of each kind of client is compared with what devices do, and a device that departs from
 * it is listed, counted and told what to do. The control is a profile without documents, which can tell of none.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mintLeaf, type Leaf } from '../../support/certificates/mint.ts'
import { syncListeners, TunnelClient } from '../../support/front-ends/product-with-tunnels.ts'
import { clientTls, fleet } from '../../support/front-ends/product.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { until } from '../../support/until.ts'
import { withControl, type Scene } from '../case.ts'
import { frontEnd, type FrontEnd, type FrontEndOptions } from '../front-end.ts'

const ROWS = [
  '{ id: client-check-in, path: /check-in/*, class: device, reportedId: "query:clientid" }',
  '{ id: windows-check-in, path: /windows/*, class: device }',
]

const withId = (name: string): Leaf =>
  mintLeaf({ issuer: fleet.devices, name, uris: [`urn:case:${name}`] })

/** What an inventory says of each device, and what the device then does. */
interface Device {
  readonly name: string
  readonly what: string
  readonly class?: string
  readonly agentVersion?: string
  readonly pending?: boolean
  readonly act: (on: FrontEnd, leaf: Leaf) => Promise<unknown>
  readonly departs: string
  /** What its class is then; what a client says of itself makes none of these. */
  readonly isOfClass?: string
}

const NEW_ANDROID = 'MobileIron/11.2.0.0 (Linux; Android 15)'
const IOS = 'MobileIron/12.11.10 (iPhone; iOS 18.0)'
const MAC = 'MobileAtWork/13.0.1 CFNetwork/1490 Darwin/23.0.0'
const APP_CONNECT = 'AppConnect/4.9.0 CFNetwork/1490 Darwin/23.0.0'

const checkIn =
  (agent: string, path = '/check-in/x') =>
  (on: FrontEnd, leaf: Leaf) =>
    on.send(leaf, `GET ${path}`, `User-Agent: ${agent}`)

/** Comes to the sync port with its certificate, and carries octets both ways. */
async function sync(on: FrontEnd, leaf: Leaf): Promise<void> {
  const port = on.product.serving.ports['sync'] ?? 0
  const client = await TunnelClient.to({ ...clientTls(port, leaf), allowHalfOpen: true })
  client.send('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await client.receiveUntil('200')
  client.socket.destroy()
  await client.gone
}

const DEVICES: readonly Device[] = [
  {
    name: 'windows-443',
    what: 'Windows on 443',
    act: (on, leaf) => checkIn('MSFT OMA DM Client/1.2.0.1', '/windows/x')(on, leaf),
    departs: 'none',
    isOfClass: 'win10',
  },
  {
    name: 'windows-sync',
    what: 'Windows on the sync port',
    class: 'win10',
    pending: true,
    act: sync,
    departs: 'on-sync-port',
    isOfClass: 'win10',
  },
  {
    name: 'mac-mdm-sync',
    what: 'the MDM client of macOS on the sync port, where mutual authentication was on from the start',
    class: 'macos-mdm',
    pending: true,
    act: sync,
    departs: 'on-sync-port',
    isOfClass: 'macos-mdm',
  },
  {
    name: 'android-old',
    what: 'Mobile@Work for Android before 10.1 that has still to migrate',
    class: 'android-maw',
    agentVersion: '9.5',
    pending: true,
    act: sync,
    departs: 'on-sync-port cannot-migrate',
    isOfClass: 'android-maw',
  },
  {
    name: 'android-new',
    what: 'Mobile@Work for Android of today on 443',
    act: checkIn(NEW_ANDROID),
    departs: 'none',
    isOfClass: 'android-maw',
  },
  {
    name: 'ios',
    what: 'Mobile@Work for iOS on 443',
    act: checkIn(IOS),
    departs: 'none',
    isOfClass: 'ios-maw',
  },
  {
    name: 'mac-agent',
    what: 'Mobile@Work for macOS, by what it calls itself',
    act: checkIn(MAC),
    departs: 'none',
    isOfClass: 'none',
  },
  {
    name: 'app-connect',
    what: 'AppConnect, by what it calls itself',
    act: checkIn(APP_CONNECT),
    departs: 'none',
    isOfClass: 'none',
  },
  {
    name: 'mac-without',
    what: 'Mobile@Work for macOS in the inventory, called without a certificate',
    class: 'macos-maw',
    act: (on) =>
      on.send(undefined, 'GET /check-in/x?clientid=urn:case:mac-without', `User-Agent: ${MAC}`),
    departs: 'came-without-certificate',
    isOfClass: 'macos-maw',
  },
  {
    name: 'mac-silent',
    what: 'Mobile@Work for macOS in the inventory that never called',
    class: 'macos-maw',
    act: () => Promise.resolve(),
    departs: 'none',
    isOfClass: 'macos-maw',
  },
]

interface Listed {
  readonly class: string | null
  readonly subject: string | null
  readonly inventory: { readonly id: string } | null
  readonly departures: readonly { readonly code: string; readonly next_step: string }[]
}

async function departures(hasDocuments: boolean): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-cases-'))
  try {
    return await departuresIn(join(folder, 'tfe.sqlite'), hasDocuments)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function departuresIn(store: string, hasDocuments: boolean): Promise<readonly string[]> {
  await using upstream = await rawUpstream(
    { ...upstreamTlsOptions, allowHalfOpen: true },
    answering(OK),
  )
  const options: FrontEndOptions = {
    store,
    upstreamPort: upstream.port,
    rows: ROWS,
    yaml: {
      profile: hasDocuments ? ' epmm-11.5' : ' generic',
      enforcement: ' recording',
      fleet: ' { mutualAuthentication: on-from-start }',
      listeners: syncListeners('{ upstream: mdm }'),
    },
  }
  const told = await met(options, hasDocuments)
  // They are counted at a start and every few minutes: this is the next start.
  await using next = await frontEnd(options)
  const isCounted = (text: string): boolean => !hasDocuments || METRIC.test(text)
  const text = await until(() => next.text('/metrics'), isCounted)
  return [...told, countsIn(text.matchAll(new RegExp(METRIC, 'gmu')))]
}

/** Two groups: the code, and how many devices. */
const METRIC = /^tfe_devices_by_departure\{departure="([a-z-]+)"\} (\d+)$/mu
const TABLE_ROW = / (?<devices>\d+) +(?<code>[a-z-]+)$/gmu

/** Codes with their numbers, those that are not met left out. */
function countsIn(found: Iterable<readonly (string | undefined)[]>): string {
  const counts = [...found]
    .filter(([, , devices]) => devices !== '0')
    .map(([, code, devices]) => `${code} ${devices}`)
  return counts.length === 0 ? 'none' : counts.toSorted().join(', ')
}

/** Lets the devices come; what each then is, and what the API and the commands count. */
async function met(options: FrontEndOptions, hasDocuments: boolean): Promise<readonly string[]> {
  await using on = await frontEnd(options)
  const entries = DEVICES.filter((one) => one.class !== undefined).map((one) => ({
    id: `urn:case:${one.name}`,
    name: one.name,
    class: one.class,
    ...(one.agentVersion === undefined ? {} : { agent_version: one.agentVersion }),
    ...(one.pending === undefined ? {} : { pending: one.pending }),
  }))
  await on.call('POST', '/api/inventory', { devices: entries })
  const leaves = DEVICES.map(({ name }) => withId(name))
  for (const [at, { act }] of DEVICES.entries()) await act(on, leaves[at] as Leaf)
  const certified = DEVICES.length - 2
  const all = await until(
    () => listed(on),
    (found) =>
      found.length === DEVICES.length &&
      found.filter(({ subject }) => subject !== null).length === certified &&
      (!hasDocuments || found.some((one) => codesOf(one).includes('without'))),
  )
  const seen = DEVICES.map(({ name }) => {
    const one = all.find(
      ({ subject, inventory }) => subject === `CN=${name}` || inventory?.id === `urn:case:${name}`,
    )
    return `${one?.class ?? 'none'}: ${one === undefined ? 'not listed' : codesOf(one)}`
  })
  const { body } = await on.call('GET', '/api/departures')
  const counts = JSON.stringify(body).match(/"code":"[a-z-]+"[^}]*"devices":[1-9]/gu) ?? []
  const command = await on.type('devices', 'departures')
  const narrowed = await on.type('devices', 'list', '--departure', 'cannot-migrate')
  return [
    ...seen,
    `${counts.length} counts, exit ${command.code}, ${narrowed.out.includes('android-old') ? 'listed' : 'not listed'}`,
    `exit ${command.code}: ${countsIn([...command.out.matchAll(TABLE_ROW)].map(([row, devices, code]) => [row, code, devices]))}`,
  ]
}

const codesOf = ({ departures: all }: Listed): string =>
  all.length === 0
    ? 'none'
    : all
        .map(({ code, next_step: next }) => `${code}${next === '' ? ' without a step' : ''}`)
        .join(' ')

async function listed(on: FrontEnd): Promise<readonly Listed[]> {
  return ((await on.call('GET', '/api/devices')).body as { readonly items: readonly Listed[] })
    .items
}

/** As the devices above come to depart. */
const COUNTS = 'came-without-certificate 1, cannot-migrate 1, on-sync-port 3'

export const DEPARTURES: readonly Scene[] = [
  {
    cases: [
      ...DEVICES.map(({ what, departs, isOfClass }) => ({
        id: 'A14',
        what: `${what}: ${departs === 'none' ? 'no departure' : departs}`,
        expected: `${isOfClass ?? 'none'}: ${departs}`,
        control: `${isOfClass ?? 'none'}: none`,
      })),
      {
        id: 'A14',
        what: 'departures are counted by API and command, and a list is narrowed to one of them',
        expected: '3 counts, exit 0, listed',
        control: '0 counts, exit 0, not listed',
      },
      {
        id: 'A14',
        what: 'tfe devices departures says how many devices depart, by how',
        expected: `exit 0: ${COUNTS}`,
        control: 'exit 0: none',
      },
      {
        id: 'A14',
        what: 'the metric of departures says the same from the first count of a start on',
        expected: COUNTS,
        control: 'none',
      },
    ],
    play: () => withControl(departures),
  },
]
