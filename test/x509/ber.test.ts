import { expect, test } from 'vitest'
import type { Problem } from '../../src/x509/der-fault.ts'
import { derOfBer as rewritten, MAX_BER_ELEMENTS } from '../../src/x509/ber.ts'

const hex = (...parts: readonly string[]): Buffer => Buffer.from(parts.join(''), 'hex')

const derOfBer = (ber: Buffer) => rewritten(ber, { behind: 'left-out', keptFrom: Infinity })

const REWRITTEN: readonly (readonly [promise: string, ber: Buffer, der: string])[] = [
  ['DER stays as it is', hex('3006', '020105', '0401ff'), '30060201050401ff'],
  ['an indefinite length becomes a definite one', hex('3080', '020105', '0000'), '3003020105'],
  [
    'indefinite lengths may lie in each other',
    hex('3080', 'a080', '0500', '0000', '0000'),
    '3004a0020500',
  ],
  ['a long form becomes the shortest', hex('3081', '05', '0282', '0001', '05'), '3003020105'],
  [
    'a length with leading zeros becomes the shortest',
    hex('30830000', '03', '020105'),
    '3003020105',
  ],
  [
    'a definite length inside an indefinite one stays',
    hex('3080', '3003', '020105', '0000'),
    '30053003020105',
  ],
  ['pieces of an octet string become one', hex('2480', '040101', '04020203', '0000'), '0403010203'],
  ['so do pieces with a definite length', hex('2407', '040101', '04020203'), '0403010203'],
  ['so do pieces of pieces', hex('2480', '2480', '040101', '0000', '040102', '0000'), '04020102'],
  ['an octet string of no pieces is empty', hex('2480', '0000'), '0400'],
  ['octets inside a bit string are not looked at', hex('3004', '0302', '0030'), '300403020030'],
  ['zeros inside a stated length end nothing', hex('3004', '0000', '0500'), '300400000500'],
  [
    'an element of tag zero that holds something ends nothing',
    hex('3080', '000105', '0000'),
    '3003000105',
  ],
  ['a long form of nothing becomes the shortest', hex('3081', '00'), '3000'],
  ['a length of eight octets is read', hex('0488', '0000000000000001', 'ff'), '0401ff'],
  ['zeros inside an octet string end nothing', hex('3080', '04020000', '0000'), '300404020000'],
  ['octets inside an octet string are not looked at', hex('0404', '30800000'), '040430800000'],
  ['what follows the first element can be left out', hex('0500', 'ffff'), '0500'],
]

for (const [promise, ber, der] of REWRITTEN) {
  test(promise, () => {
    expect(derOfBer(ber)).toEqual({ ok: true, value: Buffer.from(der, 'hex') })
  })
}

test('lengths of two and more octets come out as the shortest, on both sides of each boundary', () => {
  for (const size of [0x7f, 0x80, 0xff, 0x100, 0xffff, 0x1_0000]) {
    const content = Buffer.alloc(size, 7)
    const long = Buffer.alloc(6, 0)
    long.writeUInt8(0x04, 0)
    long.writeUInt8(0x84, 1)
    long.writeUInt32BE(size, 2)
    const found = derOfBer(Buffer.concat([long, content]))
    if (!found.ok) expect.fail(found.failure.problem)
    const head = found.value.subarray(0, found.value.length - size)
    const shortest = size < 0x80 ? '04' : size < 0x100 ? '0481' : size < 0x1_0000 ? '0482' : '0483'
    const digits = size.toString(16).padStart(2, '0')
    expect(head.toString('hex')).toBe(shortest + (digits.length % 2 === 0 ? digits : `0${digits}`))
  }
})

const REFUSED: readonly (readonly [
  promise: string,
  ber: Buffer,
  problem: Problem,
  offset: number,
])[] = [
  ['nothing at all is refused', hex(), 'truncated', 0],
  ['a tag alone is refused', hex('30'), 'truncated', 0],
  ['content that ends too soon is refused', hex('0403', '0102'), 'truncated', 2],
  [
    'an element that is longer than what it lies in is refused',
    hex('3002', '0401', 'ff'),
    'truncated',
    4,
  ],
  ['a length that ends too soon is refused', hex('0482', '01'), 'truncated', 0],
  ['a length of nine octets is refused', hex('0489', '000000000000000001', 'ff'), 'truncated', 0],
  ['an indefinite length without its end is refused', hex('3080', '020105'), 'truncated', 5],
  [
    'an end that lies half outside of what it lies in is refused',
    hex('3003', '308000', '00'),
    'truncated',
    4,
  ],
  [
    'a tag that has its length outside of what it lies in is refused',
    hex('3001', '05', '00'),
    'truncated',
    2,
  ],
  ['half an end is refused', hex('3080', '00'), 'truncated', 2],
  [
    'an indefinite length of what is no container is refused',
    hex('0480', '0000'),
    'indefinite-length',
    0,
  ],
  ['a tag of several octets is refused', hex('1f8101', '00'), 'tag-number-too-high', 0],
  ['pieces of another type are refused', hex('2403', '020105'), 'unexpected-element', 0],
]

for (const [promise, ber, problem, offset] of REFUSED) {
  test(promise, () => {
    expect(derOfBer(ber)).toEqual({ ok: false, failure: { problem, field: 'encoding', offset } })
  })
}

const nested = (depth: number): Buffer =>
  Buffer.concat([Buffer.alloc(2 * depth, Buffer.from([0x30, 0x80])), Buffer.alloc(2 * depth, 0)])

test('elements lie in each other to a bound, and not beyond it', () => {
  expect(derOfBer(nested(65)).ok).toBe(true)
  for (const depth of [66, 100_000]) {
    expect(derOfBer(nested(depth))).toMatchObject({
      ok: false,
      failure: { problem: 'nested-too-deep', offset: 130 },
    })
  }
})

const many = (count: number): Buffer =>
  Buffer.concat([
    Buffer.from([0x30, 0x80]),
    Buffer.alloc(2 * (count - 1), Buffer.from([0x05, 0x00])),
    Buffer.from([0, 0]),
  ])

test('there are as many elements as the bound says, and no more', () => {
  expect(derOfBer(many(MAX_BER_ELEMENTS)).ok).toBe(true)
  expect(derOfBer(many(MAX_BER_ELEMENTS + 1))).toMatchObject({
    ok: false,
    failure: { problem: 'too-many-elements', offset: 200_000 },
  })
})

const BEHIND: readonly (readonly [promise: string, ber: Buffer, offset: number | undefined])[] = [
  ['nothing', hex('3080', '0000'), undefined],
  ['another element', hex('3080', '0000', '0500'), 4],
  ['two zero octets more', hex('3080', '0000', '0000'), 4],
  ['a line feed', hex('3081', '00', '0a'), 3],
]

for (const [what, ber, offset] of BEHIND) {
  test(`${what} behind the element is ${offset === undefined ? 'taken' : 'refused'} where nothing may be left out`, () => {
    const failure = { problem: 'trailing-octets', field: 'encoding', offset }
    expect(rewritten(ber, { behind: 'refused', keptFrom: Infinity })).toEqual(
      offset === undefined ? { ok: true, value: hex('3000') } : { ok: false, failure },
    )
  })
}

test('a fault inside is told before what is behind', () => {
  const found = rewritten(hex('3080', '0480', '0000'), { behind: 'refused', keptFrom: Infinity })
  expect(found).toMatchObject({ failure: { problem: 'indefinite-length' } })
})

const KEPT: readonly (readonly [promise: string, keptFrom: number, ber: Buffer, der: string])[] = [
  ['an outermost element', 0, hex('3081', '02', '0500'), '3081020500'],
  ['an element of that depth', 1, hex('3080', '3081020500', '0000'), '30053081020500'],
  ['a primitive one, too', 1, hex('3080', '04810107', '0000'), '300404810107'],
  ['one below it', 1, hex('3080', 'a080', '3081020500', '0000', '0000'), '3007a0053081020500'],
]

for (const [what, keptFrom, ber, der] of KEPT) {
  test(`${what} that states its length is kept as it is where that is asked for`, () => {
    expect(rewritten(ber, { behind: 'refused', keptFrom })).toEqual({ ok: true, value: hex(der) })
  })
}

test('above that depth, and where a length is open, everything is written anew', () => {
  const ber = hex('308108', 'a080', '02810105', '0000')
  for (const [keptFrom, der] of [
    [1, '3006a00402810105'],
    [2, '3006a00402810105'],
    [3, '3005a003020105'],
  ] as const) {
    expect(rewritten(ber, { behind: 'refused', keptFrom })).toEqual({ ok: true, value: hex(der) })
  }
})

test('a piece of 128 octets is taken whole, with its length as it is written', () => {
  const piece = Buffer.concat([hex('048180'), Buffer.alloc(128, 7)])
  for (const keptFrom of [0, Infinity]) {
    const found = rewritten(Buffer.concat([hex('2480'), piece, hex('0000')]), {
      behind: 'refused',
      keptFrom,
    })
    expect(found).toEqual({ ok: true, value: piece })
  }
})

test('pieces of an octet string become one at any depth, however the pieces write their length', () => {
  const ber = hex('2480', '2409', '04810107', '0482000108', '040109', '0000')
  const found = rewritten(ber, { behind: 'refused', keptFrom: 0 })
  expect(found).toEqual({ ok: true, value: hex('0403070809') })
})

test('what is kept counts as one element, whatever lies in it', () => {
  const inside = Buffer.alloc(4 * MAX_BER_ELEMENTS, hex('0500'))
  const head = Buffer.from([0x30, 0x83, 0, 0, 0])
  head.writeUIntBE(inside.length, 2, 3)
  const ber = Buffer.concat([hex('3080'), head, inside, hex('0000')])
  expect(rewritten(ber, { behind: 'refused', keptFrom: 1 }).ok).toBe(true)
  expect(rewritten(ber, { behind: 'refused', keptFrom: 2 })).toMatchObject({
    failure: { problem: 'too-many-elements' },
  })
})
