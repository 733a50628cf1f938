/** What a preview says that it does not ask follows from the rows, and from whom the operator gives no grace. */
import { expect, test } from 'vitest'
import { notAsked, type AskedConfig } from '../../src/state/preview/asks.ts'

const NAMES = 'match rules on names and policies of certificates'
const NETWORKS = 'networks that rows are open to'
const AGENTS = 'what clients say of themselves, by which some have no grace'

const config = (row: object, withoutGrace: readonly object[] = []): AskedConfig =>
  ({ listeners: [{ routes: { rows: [row] } }], withoutGrace }) as unknown as AskedConfig
const RULE = { product: 'MobileIron', below: '10.1' }

test.each([
  ['a device row', config({ class: 'device' }), []],
  ['a row for some names', config({ class: 'device', match: { subjectAltNames: [] } }), [NAMES]],
  ['a row for a setting', config({ class: 'device', match: { enrollmentSettings: [] } }), []],
  ['a row for some networks', config({ class: 'device', networks: [] }), [NETWORKS]],
  ['a renewal row', config({ class: 'renewal' }), []],
  ['a renewal row, and clients without grace', config({ class: 'renewal' }, [RULE]), [AGENTS]],
  ['clients without grace where nothing is renewed', config({ class: 'device' }, [RULE]), []],
])('%s', (_, asked, said) => {
  expect(notAsked(asked)).toEqual(said)
})
