/** A9: a day that does not exist is refused by every reader of dates, and moved to another day by none. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tfe } from '../../support/cli/run-command.ts'
import { productYaml } from '../../support/front-ends/product.ts'
import type { Scene } from '../case.ts'
import { frontEnd, type FrontEnd } from '../front-end.ts'

const OLD = '/api/enrollment-settings/Old%20Fleet'

/** The day, and what a reader makes of it: the day that it is kept as, or nothing where it is refused. */
const DAYS: readonly (readonly [day: string, kept: string])[] = [
  ['2027-02-29', 'refused'],
  ['2100-02-29', 'refused'],
  ['2028-02-30', 'refused'],
  ['2027-04-31', 'refused'],
  ['2027-13-01', 'refused'],
  ['2027-00-10', 'refused'],
  ['2027-01-00', 'refused'],
  // The controls: leap days that there are.
  ['2028-02-29', '2028-02-29'],
  ['2096-02-29', '2096-02-29'],
]

const TIMES: readonly (readonly [time: string, kept: string])[] = [
  ['2027-06-01T24:00:00Z', 'refused'],
  ['2027-06-01T12:60:00Z', 'refused'],
  ['2027-02-29T12:00:00Z', 'refused'],
  ['2028-02-29T23:59:59Z', '2028-02-29'],
]

const dayOf = (body: unknown): string =>
  ((body as { readonly sunset?: string | null }).sunset ?? 'none').slice(0, 10)

const sunsetOf = async (on: FrontEnd): Promise<string> => {
  const { body } = await on.call('GET', OLD)
  return dayOf((body as { readonly setting: unknown }).setting)
}

async function overApi(on: FrontEnd, sunset: string): Promise<string> {
  const { status, body } = await on.call('PATCH', OLD, { sunset })
  return status === 200 ? dayOf(body) : status === 422 ? 'refused' : `status ${status}`
}

async function byCommand(on: FrontEnd, sunset: string): Promise<string> {
  const typed = await on.type('ca', 'amend', 'Old Fleet', '--sunset', sunset, '--confirm')
  if (typed.code === 2) return 'refused'
  return typed.code === 0 ? await sunsetOf(on) : `exit ${typed.code}: ${typed.err}`
}

async function inPreview(on: FrontEnd, at: string): Promise<string> {
  const { status } = await on.call('POST', `${OLD}/preview`, { change: 'distrust', at })
  return status === 422 ? 'refused' : status === 200 ? at.slice(0, 10) : `status ${status}`
}

async function asFilter(on: FrontEnd, at: string): Promise<string> {
  const { status } = await on.call('GET', `/api/devices?seen_since=${at}`)
  return status === 400 ? 'refused' : status === 200 ? at.slice(0, 10) : `status ${status}`
}

/** The file alone, as it is checked before a start. */
async function inFile(on: FrontEnd, sunset: string): Promise<string> {
  const file = join(on.product.folder, 'dates.yaml')
  const trust = `
  enrollmentSettings:
    - { name: Fleet, standing: current, chain: 'file:fleet.pem' }
    - { name: Old Fleet, standing: previously-trusted, retiredAt: 2020-01-01, sunset: ${sunset}, chain: 'file:previous.pem' }`
  const yaml = { trust, store: ' { dangerousNone: true }' }
  writeFileSync(file, productYaml({ upstreamPort: 1, yaml }))
  const { code, err, out } = await tfe(['check', file])
  if (code === 1 && `${out}${err}`.includes(sunset)) return 'refused'
  return code === 0 ? sunset.slice(0, 10) : `exit ${code}: ${err}`
}

const at = (day: string): string => `${day}T00:00:00Z`

const READERS = [
  ['the admin API', (on: FrontEnd, day: string) => overApi(on, at(day))],
  ['the command line', byCommand],
  ['the configuration file', inFile],
  ['a preview', (on: FrontEnd, day: string) => inPreview(on, at(day))],
  ['a list of devices', (on: FrontEnd, day: string) => asFilter(on, at(day))],
] as const

/** Kept means kept as the day that it is. */
const told = (rows: readonly (readonly [given: string, kept: string])[]): string =>
  rows.map(([given, kept]) => `${given} ${given.startsWith(kept) ? 'kept' : kept}`).join(', ')

export const DATES: readonly Scene[] = [
  {
    cases: [
      ...READERS.map(([reader]) => ({
        id: 'A9',
        what: `a day that does not exist is refused by ${reader}`,
        expected: told(DAYS),
      })),
      {
        id: 'A9',
        what: 'a time that does not exist is refused by the admin API',
        expected: told(TIMES),
      },
    ],
    async play() {
      await using on = await frontEnd()
      const seen: string[] = []
      for (const [, read] of READERS) {
        const rows: (readonly [string, string])[] = []
        for (const [day] of DAYS) rows.push([day, await read(on, day)])
        seen.push(told(rows))
      }
      const rows: (readonly [string, string])[] = []
      for (const [time] of TIMES) rows.push([time, await overApi(on, time)])
      return [...seen, told(rows)].map((one) => ({ seen: one }))
    },
  },
]
