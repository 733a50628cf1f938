import { expect, test } from 'vitest'
import { inTurn } from '../../src/kernel/in-turn.ts'

/** Work that ends when it is told to, and tells when it began and ended. */
function controlled() {
  const events: string[] = []
  const ends: ((how: 'failed' | 'well') => void)[] = []
  const work = async (): Promise<number> => {
    const number = ends.length
    events.push(`${number} began`)
    const { promise, resolve } = Promise.withResolvers<'failed' | 'well'>()
    ends.push(resolve)
    const how = await promise
    events.push(`${number} ended`)
    if (how === 'failed') throw new Error('failed')
    return number
  }
  return { events, ends, work }
}

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await Promise.resolve()
}

test('what was asked for second begins when the first has ended', async () => {
  const { events, ends, work } = controlled()
  const call = inTurn(work)
  const answers = [call(), call()]
  await turns(20)
  expect(events).toEqual(['0 began'])
  ends[0]?.('well')
  await answers[0]
  await turns(20)
  expect(events).toEqual(['0 began', '0 ended', '1 began'])
  ends[1]?.('well')
  expect(await Promise.all(answers)).toEqual([0, 1])
})

test('what fails tells its caller, and holds up no other', async () => {
  const { ends, work } = controlled()
  const call = inTurn(work)
  const first = call()
  const second = call()
  await turns(20)
  ends[0]?.('failed')
  await expect(first).rejects.toThrow('failed')
  await turns(20)
  ends[1]?.('well')
  expect(await second).toBe(1)
})
