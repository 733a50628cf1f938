/** Whom the rules about ids touch, as far as a store of the schema before can tell. */
import { expect, test } from 'vitest'
import { blockedIdChanges, tooManyIdChanges } from '../../../src/serve/upgrade/id-changes.ts'

const BLOCKED = { device: 'd1', name: 'Phone', ids: ['urn:sn:1', 'urn:sn:2'] }
const CERTIFICATE = {
  fingerprint: 'f1',
  device: 'd2',
  name: 'Tablet',
  serial: '0a',
  ids: ['urn:sn:2', 'urn:sn:3'],
}

test('a blocked device is named by its id and its words, with the ids that its block reaches by, and nothing is to decide', () => {
  const change = blockedIdChanges({ blocked: [BLOCKED], namings: [] })
  expect(change.needsDecision).toBe(false)
  expect(change.next).toMatch(/^none; /u)
  expect(change.touched).toEqual([
    {
      kind: 'device',
      name: 'd1',
      label: 'Phone',
      before: 'blocked; a new key with urn:sn:1 or urn:sn:2 passed for some seconds',
      after: 'refused as blocked at the first request',
    },
  ])
})

test('a device that is free and has a certificate with the id of a blocked one is named first, and asks for a decision', () => {
  const naming = { certificate: CERTIFICATE, id: 'urn:sn:2', blocked: BLOCKED }
  const { needsDecision, next, touched } = blockedIdChanges({
    blocked: [BLOCKED],
    namings: [naming],
  })
  expect(needsDecision).toBe(true)
  expect(next).toContain('tfe devices unblock')
  expect(touched.map(({ name }) => name)).toEqual(['d2', 'd1'])
  expect(touched[0]).toMatchObject({
    label: 'Tablet',
    before:
      'not blocked; its certificate with serial 0a names urn:sn:2 of the blocked device d1 (Phone)',
    after: 'refused as blocked with that certificate',
  })
})

test('a device is named once with all its certificates of which eight ids are kept, and what is not known is said', () => {
  const other = { ...CERTIFICATE, fingerprint: 'f2', serial: '0b' }
  const { needsDecision, sentence, touched } = tooManyIdChanges({ manyIds: [CERTIFICATE, other] })
  expect(needsDecision).toBe(true)
  expect(sentence).toContain('one with fewer is known to have no more')
  expect(touched).toEqual([
    {
      kind: 'device',
      name: 'd2',
      label: 'Tablet',
      before:
        'not asked for the number of ids; known of the certificate with serial 0a and the certificate with serial 0b: 8 ids at least',
      after:
        'refused as too-many-ids with more than 64, as before with no more; which of the two is not known',
    },
  ])
})

test('no device is named where there is no block and no certificate with so many ids', () => {
  expect(blockedIdChanges({ blocked: [], namings: [] }).touched).toEqual([])
  expect(tooManyIdChanges({ manyIds: [] })).toMatchObject({ needsDecision: false, touched: [] })
})
