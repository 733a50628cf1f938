import { expect, test } from 'vitest'
import { placeOf, placeText, type ListSource } from '../../src/trust/list-source.ts'

const digest = '0123456789abcdef'.repeat(4)

for (const [source, place, text] of [
  [{ kind: 'file', path: 'lists/fleet.crl' }, 'lists/fleet.crl', 'lists/fleet.crl'],
  [
    { kind: 'url', url: 'http://ca.example/x.crl' },
    'http://ca.example/x.crl',
    'http://ca.example/x.crl',
  ],
  [{ kind: 'upload', digest, octets: new Uint8Array() }, digest, 'upload 0123456789ab'],
] as const satisfies readonly (readonly [ListSource, string, string])[]) {
  test(`a list of the kind ${source.kind} is known by its place, and people read it as ${text}`, () => {
    expect(placeOf(source)).toBe(place)
    expect(placeText(source)).toBe(text)
  })
}
