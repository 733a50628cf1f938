/** llhttp is one module with one input at a time: what is read never depends on what was read before or beside it. */
import { expect, test } from 'vitest'
import { emptyMessage, Llhttp, type CollectedMessage } from '../../src/http1/llhttp.ts'

const octets = (text: string): Buffer => Buffer.from(text, 'latin1')
const GET = 'GET /outer HTTP/1.1\r\nHost: a\r\n\r\n'

/** A message that calls `inside` as soon as its target is read: in the middle of a call to llhttp. */
function interrupted(inside: () => void): CollectedMessage {
  let target = ''
  return Object.defineProperty(emptyMessage(1000), 'target', {
    get: () => target,
    set(text: string) {
      target = text
      inside()
    },
  })
}

test('llhttp is never entered while it parses, whichever parser is asked', () => {
  const [outer, other] = [new Llhttp('request'), new Llhttp('request')]
  for (const inner of [outer, other]) {
    const beside = emptyMessage(1000)
    const message = interrupted(() => inner.execute(octets('GET /inner HTTP/1.1\r\n\r\n'), beside))
    expect(() => outer.execute(octets(GET), message)).toThrow('entered while it parses')
    expect(beside).toEqual(emptyMessage(1000))
    // It was not entered, and is free again.
    for (const parser of [outer, other]) {
      const read = emptyMessage(1000)
      parser.reset()
      expect(parser.execute(octets(GET), read)).toEqual({ taken: GET.length, fault: undefined })
      expect(read).toMatchObject({ target: '/outer', fields: ['Host', 'a'], isHeadComplete: true })
    }
  }
})

test('a bug in the middle of a message ends its call, and the next message is read as ever', () => {
  const parser = new Llhttp('request')
  const message = interrupted(() => {
    throw new Error('a bug')
  })
  expect(() => parser.execute(octets(GET), message)).toThrow('a bug')
  parser.reset()
  const read = emptyMessage(1000)
  parser.execute(octets(GET), read)
  expect(read).toMatchObject({ target: '/outer', fields: ['Host', 'a'] })
  parser.free()
})

test('inputs of every length are read whole, longer and shorter ones in turn', () => {
  const parser = new Llhttp('request')
  // Around the longest text that is cut, what Node reads at once, and twice as much.
  for (const length of [10, 2047, 2048, 2049, 65_535, 65_536, 65_537, 5, 131_072, 300_000, 1]) {
    const value = `a${'b'.repeat(length - 1)}`
    const read = emptyMessage(1e6)
    parser.reset()
    const text = `GET /${value} HTTP/1.1\r\nX: ${value}\r\n\r\n`
    expect(parser.execute(octets(text), read)).toEqual({ taken: text.length, fault: undefined })
    expect(read.target).toBe(`/${value}`)
    expect(read.fields).toEqual(['X', value])
    expect(read.octets).toBe(2 * length + 2)
  }
})
