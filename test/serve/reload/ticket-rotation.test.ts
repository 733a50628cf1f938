import { expect, test } from 'vitest'
import type { Millis } from '../../../src/kernel/types.ts'
import { TicketRotation, type Timer } from '../../../src/serve/reload/ticket-rotation.ts'

const HOUR = 3_600_000

test('the ticket secret is replaced every twelve hours', () => {
  const { times, pass } = rotating()
  pass(12 * HOUR - 1)
  expect(times).toEqual([])
  pass(1)
  expect(times).toEqual([12 * HOUR])
  pass(24 * HOUR)
  expect(times).toEqual([12 * HOUR, 24 * HOUR, 36 * HOUR])
})

test('a device that is locked out has the secret replaced at once, and twelve hours begin anew', () => {
  const { times, pass, rotation } = rotating()
  pass(HOUR)
  rotation.rotateSoon()
  expect(times).toEqual([HOUR])
  pass(12 * HOUR)
  expect(times).toEqual([HOUR, 13 * HOUR])
})

test('asked for again and again, a rotation happens every ten seconds and no more often', () => {
  const { times, pass, rotation } = rotating()
  for (let second = 0; second < 25; second += 1) {
    rotation.rotateSoon()
    rotation.rotateSoon()
    pass(1000)
  }
  expect(times).toEqual([0, 10_000, 20_000])
})

test('a device that is locked out right after a rotation waits ten seconds, and not for the next one to ask', () => {
  const { times, pass, rotation } = rotating()
  rotation.rotateSoon()
  pass(1)
  rotation.rotateSoon()
  pass(9998)
  expect(times).toEqual([0])
  pass(1)
  expect(times).toEqual([0, 10_000])
})

test('a regular rotation that is due sooner serves a locked-out device, too', () => {
  const { times, pass, rotation } = rotating()
  pass(12 * HOUR)
  pass(5000)
  rotation.rotateSoon()
  pass(5000)
  expect(times).toEqual([12 * HOUR, 12 * HOUR + 10_000])
})

test('after its end nothing is replaced any more, even when a rotation is asked for', () => {
  const { times, pass, rotation } = rotating()
  rotation.stop()
  rotation.rotateSoon()
  pass(24 * HOUR)
  expect(times).toEqual([])
})

test('a secret that another replica made is replaced twelve hours after it was made, not after it came', () => {
  const { times, pass, rotation } = rotating()
  pass(5 * HOUR)
  rotation.replaced((2 * HOUR) as Millis)
  pass(10 * HOUR - 1)
  expect(times).toEqual([])
  pass(1)
  expect(times).toEqual([15 * HOUR])
})

test('a secret that was made just now does not keep a locked-out device waiting', () => {
  const { times, pass, rotation } = rotating()
  rotation.replaced(0 as Millis)
  pass(1)
  rotation.rotateSoon()
  expect(times).toEqual([1])
})

test('a secret that is too old already is replaced at once, and after the end none is', () => {
  const { times, pass, rotation } = rotating()
  rotation.replaced((13 * HOUR) as Millis)
  pass(0)
  expect(times).toEqual([0])
  rotation.stop()
  rotation.replaced((13 * HOUR) as Millis)
  pass(HOUR)
  expect(times).toEqual([0])
})

/** A rotation on a clock that is turned by hand; when it rotated, in milliseconds from the start. */
function rotating() {
  const START = 5_000_000
  let now = START
  const pending = new Set<{ readonly at: number; readonly run: () => void }>()
  const alarm: Timer = {
    now: () => now as Millis,
    after(wait, run) {
      const one = { at: now + wait, run }
      pending.add(one)
      return () => void pending.delete(one)
    },
  }
  const times: number[] = []
  const rotation = new TicketRotation(() => void times.push(now - START), alarm)
  const pass = (length: number): void => {
    const end = now + length
    for (;;) {
      const [next] = [...pending].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
      if (next === undefined) break
      pending.delete(next)
      now = next.at
      next.run()
    }
    now = end
  }
  return { rotation, times, pass }
}
