/** Lines of workers on their way through the primary. */
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { pipeLines } from '../../../src/serve/workers/pipe-lines.ts'

/** What is read of `to`, and how many lines were dropped. */
function piped() {
  const from = new PassThrough()
  // Nothing is taken of it until it is read: all that is written waits.
  const to = new PassThrough({ readableHighWaterMark: 0 })
  let dropped = 0
  pipeLines(from, to, (lines) => void (dropped += lines))
  return { from, to, dropped: () => dropped }
}

test('lines that come in pieces are passed on whole, and the last one without its end', async () => {
  const { from, to } = piped()
  for (const piece of ['a', 'b\nc', '', '\nd\ne\nf']) from.write(piece)
  from.end()
  await new Promise((ended) => from.once('end', ended))
  to.end()
  expect((await to.toArray()).join('|')).toBe('ab\n|c\nd\ne\n|f')
})

const MIB = 1024 * 1024

test('while the reader takes nothing, what is beyond 16 MiB is dropped and counted line by line', async () => {
  const { from, to, dropped } = piped()
  const mebibyte = `${'x'.repeat(MIB / 2 - 1)}\n`.repeat(2)
  const whole = (text: string) => new Promise<void>((done) => from.write(text, () => done()))
  for (let piece = 0; piece < 16; piece += 1) await whole(mebibyte)
  expect(dropped()).toBe(0)
  await whole(mebibyte)
  await whole('a\nb\nc\nd')
  from.end()
  await new Promise((ended) => from.once('end', ended))
  expect(dropped()).toBe(6)
  to.end()
  const taken = (await to.toArray()).join('')
  expect(taken).toHaveLength(16 * MIB)
})

test('a reader that goes on gets the lines that come then', async () => {
  const { from, to, dropped } = piped()
  const whole = (text: string) => new Promise<void>((done) => from.write(text, () => done()))
  for (let piece = 0; piece < 16; piece += 1) await whole(`${'x'.repeat(MIB - 1)}\n`)
  await whole('lost\n')
  expect(dropped()).toBe(1)
  const text: string[] = []
  to.on('data', (chunk: Buffer) => text.push(String(chunk)))
  await new Promise((drained) => to.once('drain', drained))
  await whole('kept\n')
  from.end()
  await new Promise((ended) => from.once('end', ended))
  expect(text.join('').slice(-6)).toBe('\nkept\n')
})
