/** Which rows ask for approval that did not in the version before, by model, enforcement, mark and class. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadConfig } from '../../../src/config/load.ts'
import type { Config } from '../../../src/config/config.ts'
import type { RouteRow } from '../../../src/config/routes/types.ts'
import { approvalChanges } from '../../../src/serve/upgrade/approval-changes.ts'
import {
  configurationFolder,
  type ConfigurationFolder,
} from '../../support/cli/configuration-folder.ts'

let folder: ConfigurationFolder
let config: Config
beforeAll(async () => {
  folder = await configurationFolder()
  const loaded = await loadConfig(folder.config, {})
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.failure))
  config = loaded.value.config
})
afterAll(() => folder[Symbol.asyncDispose]())

type Mark = 'none' | 'operator' | 'preset'

interface Row {
  readonly model: Config['approval']['model']
  readonly enforcement: Config['enforcement']
  readonly mark: Mark
  readonly kind: 'always' | 'device' | 'open' | 'renewal'
  /** What happens from the upgrade on, or `nothing`. */
  readonly found: string
}

/** One listener that devices call from inside and outside, with one row. */
function touchedOf({ model, enforcement, mark, kind }: Omit<Row, 'found'>) {
  const [listener] = config.listeners
  const [first] = listener.routes.rows
  if (first === undefined) throw new Error('no row')
  const row: RouteRow = {
    ...first,
    id: 'apps',
    class: kind,
    sensitive: mark !== 'none',
    isMarkedByPreset: mark === 'preset' ? true : undefined,
  }
  const approval = { ...config.approval, model, internalNetworks: INSIDE }
  const routes = { ...listener.routes, rows: [row] }
  return approvalChanges({
    config: { ...config, enforcement, approval, listeners: [{ ...listener, routes }] },
    unapproved: [{ device: 'd1', name: 'Phone' }],
  }).touched
}

const INSIDE = [
  { address: '10.0.0.0', bits: 8 },
] as unknown as Config['approval']['internalNetworks']

const EVERYWHERE = 'they are refused as unapproved, from everywhere'
const OUTSIDE = 'they are refused as unapproved, from outside'
const INSIDE_ONLY = 'they are refused as unapproved, from inside'
const FREED = 'approval is not asked for, from everywhere'

const ROWS: readonly Row[] = [
  { model: 'off', enforcement: 'required', mark: 'preset', kind: 'device', found: 'nothing' },
  { model: 'off', enforcement: 'recording', mark: 'operator', kind: 'device', found: 'nothing' },
  { model: 'auto', enforcement: 'required', mark: 'preset', kind: 'device', found: 'nothing' },
  { model: 'auto', enforcement: 'required', mark: 'operator', kind: 'device', found: FREED },
  { model: 'auto', enforcement: 'recording', mark: 'operator', kind: 'device', found: 'nothing' },
  { model: 'auto', enforcement: 'recording', mark: 'operator', kind: 'always', found: FREED },
  { model: 'manual', enforcement: 'required', mark: 'preset', kind: 'device', found: EVERYWHERE },
  { model: 'manual', enforcement: 'required', mark: 'preset', kind: 'always', found: EVERYWHERE },
  { model: 'manual', enforcement: 'required', mark: 'operator', kind: 'device', found: 'nothing' },
  { model: 'manual', enforcement: 'required', mark: 'operator', kind: 'renewal', found: 'nothing' },
  { model: 'manual', enforcement: 'required', mark: 'none', kind: 'device', found: 'nothing' },
  { model: 'manual', enforcement: 'required', mark: 'none', kind: 'open', found: 'nothing' },
  { model: 'manual', enforcement: 'recording', mark: 'none', kind: 'device', found: OUTSIDE },
  { model: 'manual', enforcement: 'recording', mark: 'none', kind: 'renewal', found: 'nothing' },
  { model: 'manual', enforcement: 'recording', mark: 'none', kind: 'open', found: 'nothing' },
  {
    model: 'manual-external',
    enforcement: 'required',
    mark: 'preset',
    kind: 'device',
    found: EVERYWHERE,
  },
  {
    model: 'manual-external',
    enforcement: 'required',
    mark: 'operator',
    kind: 'device',
    found: INSIDE_ONLY,
  },
  {
    model: 'manual-external',
    enforcement: 'required',
    mark: 'none',
    kind: 'device',
    found: OUTSIDE,
  },
  {
    model: 'manual-external',
    enforcement: 'recording',
    mark: 'operator',
    kind: 'device',
    found: 'nothing',
  },
]

describe('a row', () => {
  test.each(ROWS)(
    'under $model, $enforcement, of class $kind, marked by $mark: $found',
    ({ found, ...row }) => {
      const routes = touchedOf(row).filter(({ kind }) => kind === 'route')
      expect(routes.map(({ after }) => after)).toEqual(found === 'nothing' ? [] : [found])
    },
  )
})

test('devices are named where a row refuses them, and nowhere else', () => {
  const named = (row: Omit<Row, 'found'>) => touchedOf(row).filter(({ kind }) => kind === 'device')
  const narrower = named({
    model: 'manual',
    enforcement: 'required',
    mark: 'preset',
    kind: 'device',
  })
  expect(narrower).toMatchObject([{ name: 'd1', label: 'Phone' }])
  expect(
    named({ model: 'auto', enforcement: 'required', mark: 'operator', kind: 'device' }),
  ).toEqual([])
  expect(named({ model: 'off', enforcement: 'required', mark: 'preset', kind: 'device' })).toEqual(
    [],
  )
})
