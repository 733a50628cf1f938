/** Secrets that are replaced while they are read, and a file that comes into force meanwhile. */
import { expect, test } from 'vitest'
import { fail, type Fault } from '../../../src/kernel/types.ts'
import { ContentReplacement } from '../../../src/serve/reload/content-replacement.ts'

const [FIRST, SECOND] = [Buffer.from('first'), Buffer.from('second')]
const FAULT: Fault = { at: 'tfe.yaml:1:1', message: 'it does not open' }

/** Notes which document is read and which is applied; each reading ends when it is let. */
function replacement(faults: readonly Fault[] = []) {
  const noted: string[] = []
  const waiting: (() => void)[] = []
  const secrets = new ContentReplacement(FIRST, {
    async read(document) {
      noted.push(`reads ${document.toString()}`)
      await new Promise<void>((resolve) => waiting.push(resolve))
      return fail([{ at: document.toString(), message: 'what was read' }])
    },
    apply(next, isInForce) {
      if (!isInForce()) return Promise.resolve('overtaken')
      noted.push(`applies ${next.ok ? '' : (next.failure[0]?.at ?? '')}`)
      return Promise.resolve(faults)
    },
  })
  const read = async (): Promise<void> => {
    await expect.poll(() => waiting.length).toBe(1)
    waiting.shift()?.()
  }
  return { secrets, noted, read }
}

test('any number of secrets that are replaced during a reading are one reading more', async () => {
  const { secrets, noted, read } = replacement()
  const done = secrets.replaced()
  await Promise.all(Array.from({ length: 50 }, () => secrets.replaced()))
  await read()
  await read()
  await done
  expect(noted).toEqual(['reads first', 'applies first', 'reads first', 'applies first'])
})

test('one that is replaced after a reading has ended is read', async () => {
  const { secrets, noted, read } = replacement()
  for (const _ of [1, 2]) {
    const done = secrets.replaced()
    await read()
    await done
  }
  expect(noted).toEqual(['reads first', 'applies first', 'reads first', 'applies first'])
})

test('what was read by a document that another one has overtaken is not applied, and is read by that', async () => {
  const { secrets, noted, read } = replacement()
  const done = secrets.replaced()
  secrets.settled(SECOND)
  await read()
  await read()
  await done
  expect(noted).toEqual(['reads first', 'reads second', 'applies second'])
})

test('what was refused is said until a configuration comes into force', async () => {
  const { secrets, read } = replacement([FAULT])
  expect(secrets.faults).toEqual([])
  const done = secrets.replaced()
  await read()
  await done
  expect(secrets.faults).toEqual([FAULT])
  secrets.settled(SECOND)
  expect(secrets.faults).toEqual([])
})

test('a reading that fails keeps none of the later ones out', async () => {
  let readings = 0
  const secrets = new ContentReplacement(FIRST, {
    read() {
      readings += 1
      return Promise.reject(new Error('a bug'))
    },
    apply: () => Promise.resolve([]),
  })
  await expect(secrets.replaced()).rejects.toThrow('a bug')
  await expect(secrets.replaced()).rejects.toThrow('a bug')
  expect(readings).toBe(2)
})
