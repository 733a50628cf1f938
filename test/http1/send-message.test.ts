/** How many writes a message is, that none loses an octet, and that only the last one tells that all is out. */
import { expect, test } from 'vitest'
import { sendMessage, type MessageParts, type MessageSink } from '../../src/http1/send-message.ts'

type Step = readonly [what: string, text?: string, tells?: boolean]

/** Writes down what it is told; each write keeps the octets that it was given. */
class WrittenDown implements MessageSink {
  readonly steps: Step[] = []
  readonly given: (Buffer | string)[] = []
  write(octets: Buffer | string, second?: string | (() => void), third?: () => void): boolean {
    const done = typeof second === 'function' ? second : third
    if (typeof octets === 'string') expect(second).toBe('latin1')
    const text = typeof octets === 'string' ? octets : octets.toString('latin1')
    this.given.push(octets)
    this.steps.push(['write', text, done !== undefined])
    done?.()
    return true
  }
  cork(): void {
    this.steps.push(['cork'])
  }
  uncork(): void {
    this.steps.push(['uncork'])
  }
}

function sent({ before = '', pieces = [], after = '' }: Partial<MessageParts>) {
  const sink = new WrittenDown()
  let told = 0
  sendMessage(sink, { before, pieces, after }, () => {
    told += 1
  })
  const { steps, given } = sink
  return { steps, given, told }
}

const octets = (text: string): Buffer => Buffer.from(text, 'latin1')
const EMPTY = Buffer.alloc(0)

test('text alone is one write', () => {
  expect(sent({ before: 'head', after: 'end' })).toMatchObject({
    steps: [['write', 'headend', true]],
    told: 1,
  })
  expect(sent({ before: 'head', pieces: [EMPTY, EMPTY] }).steps).toEqual([['write', 'head', true]])
  expect(sent({ after: 'end' }).steps).toEqual([['write', 'end', true]])
})

test('one piece alone is written as it is, without a copy, whatever its size', () => {
  for (const size of [1, 8192, 8193]) {
    const piece = Buffer.alloc(size, 'x')
    const { given, told } = sent({ pieces: [piece] })
    expect(given).toHaveLength(1)
    expect(given[0]).toBe(piece)
    expect(told).toBe(1)
    expect(sent({ pieces: [piece, EMPTY] }).given[0]).toBe(piece)
  }
})

for (const [promise, parts, text] of [
  ['a head and a piece', { before: 'h\xe9', pieces: [octets('b\xff')] }, 'h\xe9b\xff'],
  ['a piece and what ends it', { pieces: [octets('b')], after: 'a\xe4' }, 'ba\xe4'],
  [
    'all of it',
    { before: 'h', pieces: [octets('123'), EMPTY, octets('45')], after: 'e' },
    'h12345e',
  ],
  ['two pieces', { pieces: [octets('1'), octets('2')] }, '12'],
  ['an empty piece and one that is not', { pieces: [EMPTY, octets('2')] }, '2'],
] as const) {
  test(`${promise}: one write when it is small`, () => {
    expect(sent(parts)).toMatchObject({ steps: [['write', text, true]], told: 1 })
  })
}

test('up to 8,192 octets of a body are copied into one write, and not one more', () => {
  const copied = sent({ before: 'h', pieces: [Buffer.alloc(8000, 'x'), Buffer.alloc(192, 'y')] })
  expect(copied.steps.map(([what]) => what)).toEqual(['write'])
  const text = `h${'x'.repeat(8000)}${'y'.repeat(192)}`
  expect(copied.steps[0]?.[1]).toBe(text)
  const apart = sent({ before: 'h', pieces: [Buffer.alloc(8000, 'x'), Buffer.alloc(193, 'y')] })
  expect(apart.steps).toEqual([
    ['cork'],
    ['write', 'h', false],
    ['write', 'x'.repeat(8000), false],
    ['write', 'y'.repeat(193), true],
    ['uncork'],
  ])
  expect(apart.told).toBe(1)
})

const [LARGE, LARGE_TEXT] = [Buffer.alloc(9000, 'x'), 'x'.repeat(9000)]

test('large pieces are written as they are, and the last write alone tells that all is out', () => {
  expect(sent({ before: 'h', pieces: [LARGE, octets('b')], after: 'e' })).toMatchObject({
    steps: [
      ['cork'],
      ['write', 'h', false],
      ['write', LARGE_TEXT, false],
      ['write', 'b', false],
      ['write', 'e', true],
      ['uncork'],
    ],
    told: 1,
  })
  expect(sent({ pieces: [LARGE], after: 'e' })).toMatchObject({
    steps: [['cork'], ['write', LARGE_TEXT, false], ['write', 'e', true], ['uncork']],
    told: 1,
  })
  expect(sent({ pieces: [LARGE, LARGE] })).toMatchObject({
    steps: [['cork'], ['write', LARGE_TEXT, false], ['write', LARGE_TEXT, true], ['uncork']],
    told: 1,
  })
  expect(sent({ before: 'h', pieces: [LARGE] }).given[1]).toBe(LARGE)
})

test('without a listener nothing is told', () => {
  for (const pieces of [[], [octets('a')], [octets('a'), octets('b')], [LARGE, LARGE]]) {
    const sink = new WrittenDown()
    sendMessage(sink, { before: '', pieces, after: '' }, undefined)
    expect(sink.steps.filter(([, , tells]) => tells === true)).toEqual([])
  }
})
