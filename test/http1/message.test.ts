/** Finding fields of a head by their names. */
import { expect, test } from 'vitest'
import {
  fieldValue,
  firstFieldValue,
  hasBody,
  type BodyLength,
  type RequestMessage,
} from '../../src/http1/message.ts'

const FIELDS = ['Host', 'a', 'X-Y', '1', 'x-y', '', 'Abcd', 'host', 'X-Z', '3', 'X-Y', '2']

for (const [name, all, first] of [
  ['host', 'a', 'a'],
  ['x-y', '1, , 2', '1'],
  ['x-z', '3', '3'],
  ['abcd', 'host', 'host'],
  // A value is no name, however it reads; nor is another name of the same length, or a longer one.
  ['a', undefined, undefined],
  ['efgh', undefined, undefined],
  ['hos', undefined, undefined],
  ['hosts', undefined, undefined],
  ['', undefined, undefined],
] as const) {
  test(`the value of ${name === '' ? 'no name' : name} is ${all ?? 'nothing'}`, () => {
    expect(fieldValue(FIELDS, name)).toBe(all)
    expect(firstFieldValue(FIELDS, name)).toBe(first)
  })
}

test('a name without a value, and no fields at all, have none', () => {
  for (const fields of [[], ['Host'], ['X', 'y', 'Host']]) {
    expect(fieldValue(fields, 'host')).toBeUndefined()
    expect(firstFieldValue(fields, 'host')).toBeUndefined()
    expect(firstFieldValue(fields, 'hosts')).toBeUndefined()
  }
})

test('a body of no octets is none, and every other one is', () => {
  const request = (body: BodyLength): RequestMessage => ({
    method: 'POST',
    target: '/',
    version: '1.1',
    fields: [],
    keepAlive: true,
    upgrade: false,
    body,
  })
  const lengths: readonly BodyLength[] = [0, 1, 'chunked', 'until-close']
  expect(lengths.map((body) => hasBody(request(body)))).toEqual([false, true, true, true])
})
