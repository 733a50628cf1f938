import { expect, test } from 'vitest'
import {
  isReserved,
  nominate,
  reservedBeginning,
  withoutNominated,
} from '../../src/message/hop-by-hop.ts'

/** What frames, routes, authenticates or describes a message; written out again, so that none gets lost. */
const END_TO_END = `
  authorization cache-control content-encoding content-length content-range content-type cookie date host
  location mdm-signature range set-cookie vary
`
  .trim()
  .split(/\s+/)

test('no Connection field nominates away what gives a message its meaning', () => {
  expect([...nominate(`x-one, ${END_TO_END.join(', ')}`)]).toEqual(['x-one'])
  expect([...nominate(END_TO_END.join(',').toUpperCase())]).toEqual([])
})

test('what was nominated before stays nominated', () => {
  const before = nominate('a, b')
  expect(nominate('keep-alive', before)).toBe(before)
  expect(nominate('close', before)).toBe(before)
  expect(nominate('Keep-Alive, Host', before)).toBe(before)
  expect(nominate(' ,, ', before)).toBe(before)
  expect([...nominate('C', before)]).toEqual(['a', 'b', 'c'])
})

test('a nominated field goes with its value, and another value that reads like its name stays', () => {
  const fields = ['A', 'b', 'B', 'a', 'C', 'b']
  expect(withoutNominated(fields, new Set(['b']))).toEqual(['A', 'b', 'C', 'b'])
  expect(withoutNominated(fields, new Set())).toBe(fields)
})

test('no setting may take the name of a field that frames, routes or authenticates', () => {
  for (const name of [...END_TO_END, 'TE', 'Connection', 'Expect', 'Proxy-Connection', 'Host']) {
    expect(isReserved(name)).toBe(true)
  }
  for (const name of ['Client-Cert', 'X-Client-Verify', 'SSL_CLIENT_CERT', 'Close']) {
    expect(isReserved(name)).toBe(false)
  }
})

const BEGINNINGS: readonly (readonly [beginning: string, names: readonly string[]])[] = [
  ['content-', ['content-encoding', 'content-length', 'content-range', 'content-type']],
  ['Trans', ['transfer-encoding']],
  ['EXPECT', ['expect']],
  ['t', ['te', 'trailer', 'transfer-encoding']],
  ['hosts', []],
  ['ost', []],
  ['x-corp-', []],
]

for (const [beginning, names] of BEGINNINGS) {
  test(`of the fields that HTTP uses, ${names.length} begin with ${beginning}`, () => {
    expect(reservedBeginning(beginning).toSorted()).toEqual(names)
  })
}

test('every field that HTTP uses begins with nothing', () => {
  const all = reservedBeginning('')
  expect(all).toEqual(expect.arrayContaining([...END_TO_END, 'connection', 'expect', 'upgrade']))
  expect(all.every(isReserved)).toBe(true)
})
