/** C6: the numbers that charts and scrapes show, after a restart in which no device has called yet. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fleet } from '../../support/front-ends/product.ts'
import { promtoolFindings } from '../../support/metrics/conventions.ts'
import { totalIn, valueIn } from '../../support/metrics/exposition.ts'
import { until } from '../../support/until.ts'
import type { Scene, Seen } from '../case.ts'
import { frontEnd, type FrontEnd } from '../front-end.ts'

/** What one scrape says, once the store was asked. */
const scraped = (on: FrontEnd): Promise<string> =>
  until(
    () => on.text('/metrics'),
    (text) => valueIn(text, 'tfe_devices') !== undefined,
  )

const shownBy = (text: string): string => {
  const ratio = valueIn(text, 'tfe_authentication_success_ratio')
  const of = (name: string, state: string) => valueIn(text, name, { state })
  const states = [
    `${of('tfe_devices_by_readiness', 'succeeded')} succeeded`,
    `${of('tfe_devices_by_approval', 'approved')} approved`,
    `${of('tfe_devices_by_migration', 'none')} without migration`,
  ]
  return [`${totalIn(text, 'tfe_devices_by_expiry')} by expiry`, `ratio ${ratio}`, ...states].join(
    ', ',
  )
}

/** One device calls three times, and the front end starts again. */
async function afterRestart(): Promise<readonly Seen[]> {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-case-'))
  await using stack = new AsyncDisposableStack()
  stack.defer(() => rmSync(folder, { recursive: true, force: true }))
  const store = join(folder, 'store.sqlite')
  {
    await using before = await frontEnd({ store })
    for (let round = 0; round < 3; round += 1) await before.status(fleet.device)
    await before.status()
    await before.known(fleet.device, 3)
  }
  await using on = await frontEnd({ store })
  await using empty = await frontEnd()
  const [text, control] = [await scraped(on), await scraped(empty)]
  const drawn = async (one: FrontEnd): Promise<string> => {
    const { out } = await one.type('history', '--kind', 'requests', '--json')
    const { series } = JSON.parse(out) as {
      readonly series: readonly { readonly name: string; readonly values: readonly number[] }[]
    }
    const sums = series.map(
      ({ name, values }) => `${values.reduce((sum, value) => sum + value, 0)} ${name}`,
    )
    return sums.join(', ')
  }
  const wrong = '# HELP tfe_a_total A.\n# TYPE tfe_a_total gauge\ntfe_a_total 1\n'
  const findings = (of: string): string => (promtoolFindings(of).length === 0 ? 'none' : 'some')
  return [
    { seen: shownBy(text), control: shownBy(control) },
    { seen: await drawn(on), control: await drawn(empty) },
    { seen: findings(text), control: findings(wrong) },
  ]
}

export const NUMBERS: readonly Scene[] = [
  {
    cases: [
      {
        id: 'C6',
        what: 'a scrape after a restart, of a device that was approved and is silent since',
        expected: '1 by expiry, ratio 1, 1 succeeded, 1 approved, 1 without migration',
        control: '0 by expiry, ratio NaN, 0 succeeded, 0 approved, 0 without migration',
      },
      {
        id: 'C6',
        what: 'requests of before the restart, drawn over time',
        expected: '3 admit, 1 refuse',
        control: '0 admit, 0 refuse',
      },
      {
        id: 'C6',
        what: 'what promtool finds in a scrape',
        expected: 'none',
        control: 'some',
      },
    ],
    play: afterRestart,
  },
]
