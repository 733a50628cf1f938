/** When files are looked at, and which change is read: the disk and the time are the test's. */
import { expect, test } from 'vitest'
import type { Millis } from '../../../src/kernel/types.ts'
import { FileWatch } from '../../../src/serve/reload/file-watch.ts'

const MINUTE = 60_000 as Millis

interface Pending {
  readonly wait: Millis
  readonly run: () => void
}

/** A watch over a disk of stamps, with a timer that runs when it is told to. */
function watched(disk: Record<string, string>) {
  const read: string[] = []
  const bugs: unknown[] = []
  const timers = new Set<Pending>()
  const world = {
    every: MINUTE as Millis | 'off',
    changed: async (paths: readonly string[]): Promise<void> => {
      read.push(paths.join(' '))
    },
    stampOf: async (path: string): Promise<string> => disk[path] ?? 'ENOENT',
  }
  const watch = new FileWatch(new Map(Object.entries(disk)), {
    every: () => world.every,
    stampOf: (path) => world.stampOf(path),
    changed: (paths) => world.changed(paths),
    bug: (error) => bugs.push(error),
    after(wait, run) {
      const pending = { wait, run }
      timers.add(pending)
      return () => timers.delete(pending)
    },
  })
  /** Lets the time pass until the next look has ended. */
  const pass = async (): Promise<void> => {
    const [due] = timers
    if (due === undefined) throw new Error('no look is due')
    timers.delete(due)
    due.run()
    await expect.poll(() => timers.size).toBe(1)
  }
  return { watch, world, read, bugs, timers, pass }
}

test('files that have not changed are not read', async () => {
  const { watch, read } = watched({ a: '1', b: '1' })
  await watch.look()
  expect(read).toEqual([])
})

test('what has changed is read once, by name, and what has not is not named', async () => {
  const disk = { a: '1', b: '1', c: '1' }
  const { watch, read } = watched(disk)
  disk.a = '2'
  disk.c = '2'
  await watch.look()
  await watch.look()
  expect(read).toEqual(['a c'])
})

test('a file that vanishes and comes back is a change each time', async () => {
  const disk: Record<string, string> = { a: '1' }
  const { watch, read } = watched(disk)
  delete disk['a']
  await watch.look()
  disk['a'] = '1'
  await watch.look()
  expect(read).toEqual(['a', 'a'])
})

test('what changes while it is read is read again at the next look', async () => {
  const disk = { a: '1' }
  const { watch, world, read } = watched(disk)
  const { changed } = world
  world.changed = async (paths) => {
    await changed(paths)
    if (disk.a === '2') disk.a = '3'
  }
  disk.a = '2'
  await watch.look()
  await watch.look()
  await watch.look()
  expect(read).toEqual(['a', 'a'])
})

test('a look during which a configuration came into force reads nothing, and the next one looks at its files', async () => {
  const disk: Record<string, string> = { a: '1', b: '1' }
  const { watch, world, read } = watched(disk)
  disk['a'] = '2'
  const { stampOf } = world
  world.stampOf = (path) => {
    watch.settled(new Map([['b', '0']]))
    return stampOf(path)
  }
  await watch.look()
  expect(read).toEqual([])
  world.stampOf = stampOf
  await watch.look()
  expect(read).toEqual(['b'])
})

test('there is one look at a time', async () => {
  const disk = { a: '1' }
  const { watch, world, read } = watched(disk)
  const asked: (() => void)[] = []
  world.stampOf = () => new Promise((resolve) => asked.push(() => resolve('2')))
  const first = watch.look()
  await Promise.all(Array.from({ length: 20 }, () => watch.look()))
  expect(asked).toHaveLength(1)
  asked[0]?.()
  await first
  expect(read).toEqual(['a'])
})

test('nothing is looked at before it begins', () => {
  const { watch, timers } = watched({ a: '1' })
  watch.settled(new Map())
  expect(timers.size).toBe(0)
})

test('it looks again and again, and each wait begins when the look before has ended', async () => {
  const disk = { a: '1' }
  const { watch, read, timers, pass } = watched(disk)
  watch.begin()
  for (const stamp of ['2', '3', '4']) {
    disk.a = stamp
    expect([...timers].map(({ wait }) => wait)).toEqual([MINUTE])
    await pass()
  }
  expect(read).toEqual(['a', 'a', 'a'])
})

test('a look that fails is told, and keeps none of the later ones out', async () => {
  const disk = { a: '1' }
  const { watch, world, read, bugs, pass } = watched(disk)
  const { stampOf } = world
  world.stampOf = () => Promise.reject(new Error('a bug'))
  watch.begin()
  await pass()
  expect(bugs).toHaveLength(1)
  world.stampOf = stampOf
  disk.a = '2'
  await pass()
  expect(read).toEqual(['a'])
})

test('another wait counts from the configuration that asks for it, and the same one is not begun anew', () => {
  const { watch, world, timers } = watched({ a: '1' })
  watch.begin()
  const [first] = timers
  watch.settled(new Map())
  expect([...timers]).toEqual([first])
  world.every = 5000 as Millis
  watch.settled(new Map())
  expect([...timers].map(({ wait }) => wait)).toEqual([5000])
  world.every = 'off'
  watch.settled(new Map())
  expect(timers.size).toBe(0)
  world.every = MINUTE
  watch.settled(new Map())
  expect([...timers].map(({ wait }) => wait)).toEqual([MINUTE])
})

test('off looks at nothing by itself', () => {
  const { watch, world, timers } = watched({ a: '1' })
  world.every = 'off'
  watch.begin()
  expect(timers.size).toBe(0)
})

test('after the end there is no look, whatever comes into force', () => {
  const { watch, world, timers } = watched({ a: '1' })
  watch.begin()
  watch.stop()
  world.every = 5000 as Millis
  watch.settled(new Map())
  expect(timers.size).toBe(0)
})
