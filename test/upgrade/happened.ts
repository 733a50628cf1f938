/** For each changed rule: how it is seen, after the upgrade, that what was foretold has happened. */
import { CBC_SUITE, type FleetPorts } from '../fixtures/landed-store/configuration.ts'
import { mintProbe, type FleetCertificate } from '../fixtures/landed-store/mint-fleet.ts'
import { LOOK_ALIKE_PASSWORD } from '../fixtures/landed-store/look-alikes.ts'
import { askOnce, type Asked } from './ask.ts'
import type { Apart } from './ask-apart.ts'
import { speaksOf, type Difference, type Names, type Touched } from './foretold.ts'

/** What was seen. */
export interface Seen {
  readonly asked: Asked
  readonly ports: FleetPorts
  /** A certificate of a group. */
  readonly someOf: (group: string) => FleetCertificate | undefined
  readonly apart: { readonly before: Apart; readonly now: Apart }
  readonly differences: readonly Difference[]
  readonly names: ReadonlyMap<string, Names>
  /** The log of the new version. */
  readonly lines: readonly Readonly<Record<string, unknown>>[]
  /** Calls the admin API of the new version as an administrator. */
  readonly call: (method: string, path: string, body?: unknown) => Promise<Called>
}

export interface Called {
  readonly status: number
  readonly body: unknown
}

type Check = (touched: Touched, seen: Seen) => Promise<boolean> | boolean

/** Whether it has happened, by the code of the rule. A rule that is not here has no test. */
export const HAPPENED: Readonly<Partial<Record<string, Check>>> = {
  'refused-links': async ({ name, before }, { call }) => {
    const { items } = (await call('GET', '/api/devices/links?evidence=refused&limit=1000'))
      .body as {
      readonly items: readonly { readonly device: string; readonly value: string }[]
    }
    return items.some(({ device, value }) => device === name && before.endsWith(value))
  },
  'administrator-names': async ({ name, after }, { call }) => {
    const { items } = (await call('GET', '/api/administrators')).body as {
      readonly items: readonly { readonly name: string; readonly name_fault: string | null }[]
    }
    const isNamed = items.some((one) => one.name === name && one.name_fault === after)
    const body = { name, password: LOOK_ALIKE_PASSWORD }
    return isNamed && (await call('POST', '/api/session', body)).status === 201
  },
  'file-differences': async (touched, seen) => {
    if (touched.kind !== 'enforcement') return differs(touched, seen)
    const isTold = seen.lines.some(({ level, msg }) => {
      return level === 'error' && String(msg).startsWith('found enforcement: required')
    })
    const { status } = await askOnce(seen.asked, undefined, { path: '/check-in/bare' })
    return isTold && status === 403
  },
  'revocation-lists-taken-over': async ({ name }, { call }) => {
    const path = `/api/enrollment-settings/${encodeURIComponent(name)}/revocation`
    const { failure, lists } = (await call('GET', path)).body as {
      readonly failure: string
      readonly lists: readonly { readonly kind: string; readonly in_force: readonly unknown[] }[]
    }
    return failure === 'hard-fail' && lists.length === 1 && lists[0]?.in_force.length === 1
  },
  // A new key, in a certificate that the CA signed with each of the ids.
  'blocked-ids': async ({ before }, { asked }) => {
    const ids = before.match(/urn:[^ ]+/gu) ?? []
    const statuses = await Promise.all(
      ids.map(
        async (id) => (await askOnce(asked, mintProbe(id), { path: '/enroll/probe' })).status,
      ),
    )
    return statuses.length > 0 && statuses.every((status) => status === 0)
  },
  'oauth-not-configured': ({ name }, { apart: { before, now } }) => {
    const listener = listenerOf(name)
    return before[listener].oauth === 200 && now[listener].oauth === 403
  },
  'too-many-ids': (touched, seen) => {
    const hasMore = [...seen.names.values()].some(
      ({ device, ids }) => device === touched.name && ids.length > 64,
    )
    return differs(touched, seen) === hasMore
  },
  'approval-rule': async (touched, seen) => {
    if (touched.kind === 'device') return differs(touched, seen)
    const [listener = '', row = ''] = touched.name.split(': ')
    const port = listener === 'scanners' ? seen.ports.scanners : seen.ports.devices
    const path = `${PRESET_PATHS[row] ?? '/nowhere'}/list`
    const asked = { ...seen.asked, port }
    const [approved, unapproved] = [seen.someOf('approved'), seen.someOf('unapproved')]
    const served = await askOnce(asked, approved, { path })
    const refused = await askOnce(asked, unapproved, { path })
    return served.status === 200 && refused.status === 403
  },
  'allow-and-log-dropped': ({ name, label }, { lines }) => {
    const what = label === 'in the file' ? 'dangerousUnverified in the' : 'Allow and Log untrusted'
    return lines.some(({ msg }) => String(msg).includes(`${name}: ${what}`))
  },
  'default-cipher-suites': ({ name, after }, { apart: { before, now } }) => {
    const [gone = ''] = after.split(';')
    return gone.includes(CBC_SUITE) && before[listenerOf(name)].cbc && !now[listenerOf(name)].cbc
  },
  'identity-fields': ({ name }, { apart: { before, now } }) =>
    Object.entries(before.devices.received[name] ?? {}).every(([field, value]) => {
      const isHost = field === 'x-forwarded-host'
      return isHost || (value !== '' && now.devices.received[name]?.[field] === '')
    }),
  'published-ports': ({ name }, { apart: { before, now } }) => {
    const host = (one: Apart) => one[listenerOf(name)].received['mdm']?.['x-forwarded-host']
    return host(before) === 'localhost:1' && host(now) === 'localhost'
  },
}

/** Rows of the preset that hand something out, by their ids. */
const PRESET_PATHS: Readonly<Record<string, string>> = {
  'apps-data': '/mifs/c/api/v4/appstore',
  'apps-storefront': '/mifs/asfV3/appstore',
  'apps-storefront-certificate': '/mifs/asfV3x/appstore',
}

/** Whether a verdict differs in the way that was foretold. */
export const differs = (
  touched: Touched,
  { differences, names }: Pick<Seen, 'differences' | 'names'>,
): boolean => differences.some((one) => speaksOf(touched, one, names.get(one.certificate)))

const listenerOf = (name: string): keyof Apart =>
  name.startsWith('scanners') ? 'scanners' : 'devices'

/** Calls the admin API. */
export const calling =
  ({ admin }: Pick<FleetPorts, 'admin'>, token: string): Seen['call'] =>
  async (method, path, body) => {
    const response = await fetch(`http://127.0.0.1:${admin}${path}`, {
      method,
      headers: {
        // A token says who calls; to sign in is for those who have none.
        ...(path === '/api/session' ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
  }
