import { expect, test } from 'vitest'
import { reportedId, type ReportedAt } from '../../src/message/reported-id.ts'

const CLIENT: ReportedAt = { kind: 'query', name: 'clientid' }
const FIELD: ReportedAt = { kind: 'field', name: 'X-Device-Id' }

const QUERIES: readonly [string, string | undefined, string | undefined][] = [
  ['a parameter is read', 'clientid=1073741825', '1073741825'],
  ['a parameter among others is read', 'vspver=11&clientid=a-1&x=', 'a-1'],
  ['its escapes are decoded', 'clientid=a%2Fb', 'a/b'],
  ['what follows a second equals sign belongs to it', 'clientid=a=b', 'a=b'],
  ['no query says nothing', undefined, undefined],
  ['an empty query says nothing', '', undefined],
  ['an empty id says nothing', 'clientid=', undefined],
  ['a name without a value says nothing', 'clientid', undefined],
  ['a name that is longer by a letter has no value either', 'clientids', undefined],
  ['a longer name is another one', 'xclientid=1', undefined],
  ['a shorter name is another one', 'client=1', undefined],
  ['another case is another name', 'ClientID=1', undefined],
  ['of two it is not known which counts', 'clientid=1&clientid=2', undefined],
  ['an escape that is none says nothing', 'clientid=%zz', undefined],
  ['a line break is no id', 'clientid=a%0ab', undefined],
  ['a blank is no id', 'clientid=a%20b', undefined],
  ['a letter beyond ASCII is no id', 'clientid=%C3%A4', undefined],
  ['the longest id is read', `clientid=${'a'.repeat(200)}`, 'a'.repeat(200)],
  ['a longer one is not', `clientid=${'a'.repeat(201)}`, undefined],
]

for (const [promise, query, expected] of QUERIES) {
  test(`query: ${promise}`, () => {
    // A field of the same name says nothing where a parameter is asked for.
    const rawHeaders = ['clientid', 'other']
    expect(reportedId(CLIENT, { query, rawHeaders })).toBe(expected)
  })
}

const FIELDS: readonly [string, readonly string[], string | undefined][] = [
  ['a field is read', ['Host', 'a', 'X-Device-Id', 'one'], 'one'],
  ['whatever its case', ['x-device-ID', 'one'], 'one'],
  ['a value that looks like the name is none', ['Host', 'x-device-id', 'Accept', 'a'], undefined],
  ['of two it is not known which counts', ['X-Device-Id', 'a', 'X-Device-Id', 'b'], undefined],
  ['nothing is said where it is missing', ['Host', 'a'], undefined],
  ['an id with a blank is none', ['X-Device-Id', 'a b'], undefined],
]

for (const [promise, rawHeaders, expected] of FIELDS) {
  test(`field: ${promise}`, () => {
    expect(reportedId(FIELD, { query: 'X-Device-Id=query', rawHeaders })).toBe(expected)
  })
}
