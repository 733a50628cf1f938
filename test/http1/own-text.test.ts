/** What a text that outlives its message keeps in memory. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { fieldValue, ownText } from '../../src/http1/message.ts'
import { MessageParser } from '../../src/http1/parser.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void
setFlagsFromString('--no-expose-gc')

const HEADS = 5000

/** Octets of the heap that each of many hosts keeps, when the head that it stood in is gone. */
function keptPerHost(keep: (host: string) => string): number {
  const parser = new MessageParser('request', 16_384)
  const kept: string[] = []
  collectGarbage()
  const before = process.memoryUsage().heapUsed
  for (let number = 0; number < HEADS; number += 1) {
    const host = `mdm-${String(number).padStart(8, '0')}.example.com`
    const head = `GET / HTTP/1.1\r\nHost: ${host}\r\nX-Long: ${'x'.repeat(1900)}\r\n\r\n`
    const result = parser.requestHead(Buffer.from(head, 'latin1'))
    if (result.kind !== 'head') expect.unreachable(result.kind)
    const read = keep(fieldValue(result.head.fields, 'host') ?? '')
    expect(read).toBe(host)
    kept.push(read)
  }
  collectGarbage()
  expect(kept).toHaveLength(HEADS)
  return (process.memoryUsage().heapUsed - before) / HEADS
}

test('a host with text of its own keeps nothing of its head, and as it was read all of it', () => {
  expect(keptPerHost((host) => host)).toBeGreaterThan(1500)
  expect(keptPerHost(ownText)).toBeLessThan(500)
})

test('text of its own is the same text, octets beyond ASCII included', () => {
  expect(ownText('caf\xe9\xff\x80')).toBe('caf\xe9\xff\x80')
  expect(ownText('')).toBe('')
})
