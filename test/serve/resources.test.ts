import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { expect, onTestFinished, test } from 'vitest'
import {
  connectionsAllowed,
  descriptorsIn,
  resourceFaults,
  resourceWarnings,
  systemResources,
} from '../../src/serve/process/resources.ts'

type Config = Parameters<typeof resourceWarnings>[0]

const MIB = 1024 * 1024
const ENOUGH = { cores: 2, descriptors: undefined, memory: undefined }

/** 4000 connections of devices, 2 servers with 128 each. */
function configured(
  changed: { workers?: number | 'auto'; isRelayed?: boolean; isStated?: boolean } = {},
): Config {
  const { workers = 'auto', isRelayed = false, isStated = false } = changed
  const listener = {
    at: 'tfe.yaml:5:3 listeners.devices',
    limits: { connections: 4000, connectionsStated: isStated },
    relay: isRelayed ? {} : undefined,
  }
  const upstream = { limits: { connections: 128 }, servers: [{}, {}] }
  return { file: 'tfe.yaml', workers, listeners: [listener], upstreams: [upstream] } as never
}

const NEEDED = 4000 + 2 * 128 + 128

const said = (config: Config, resources: Partial<typeof ENOUGH> | object): readonly string[] =>
  resourceWarnings(config, { ...ENOUGH, ...resources }).map(({ message }) => message)

test('what has no limit is told nothing of', () => {
  expect(said(configured(), {})).toEqual([])
  expect(said(configured({ workers: 2 }), {})).toEqual([])
})

test('as many descriptors as may be needed are enough, and one less is not', () => {
  expect(said(configured(), { descriptors: NEEDED })).toEqual([])
  expect(said(configured(), { descriptors: NEEDED - 1 })).toEqual([
    expect.stringMatching(
      /^found limits.connections that may take 4384 descriptors in one process \(4000 of devices, 256 of upstreams, 128 besides\), and 4383 that/,
    ),
  ])
})

test('each relayed connection takes another one to the upstream', () => {
  expect(said(configured({ isRelayed: true }), { descriptors: NEEDED + 4000 })).toEqual([])
  expect(said(configured({ isRelayed: true }), { descriptors: NEEDED + 3999 })).toHaveLength(1)
})

test('what the file states and cannot fit refuses a start, at the last descriptor, and a default never does', () => {
  const faults = (descriptors: number, isStated: boolean): number =>
    resourceFaults(configured({ isStated }), { descriptors }).length
  expect(faults(NEEDED, true)).toBe(0)
  expect(faults(NEEDED - 1, true)).toBe(1)
  expect(faults(1024, false)).toBe(0)
})

test('a default is refused only where next to nothing is left for devices', () => {
  const left = (devices: number) => ({ descriptors: 2 * 128 + 128 + devices })
  expect(resourceFaults(configured(), left(64))).toEqual([])
  expect(resourceFaults(configured(), left(63))).toHaveLength(1)
})

test('devices get what upstreams and the rest leave, and all of it where there is enough', () => {
  const allowed = (descriptors: number | undefined, isRelayed = false): number => {
    const config = configured({ isRelayed })
    return connectionsAllowed(config.listeners[0], config, { descriptors })
  }
  expect(allowed(undefined)).toBe(4000)
  expect(allowed(NEEDED)).toBe(4000)
  expect(allowed(NEEDED - 1)).toBe(3999)
  expect(allowed(1024)).toBe(1024 - 256 - 128)
  expect(allowed(1024, true)).toBe((1024 - 256 - 128) / 2)
  expect(allowed(10)).toBe(1)
})

test('memory is counted for every worker', () => {
  const one = 4000 * 50_000
  expect(said(configured({ workers: 1 }), { memory: one })).toEqual([])
  expect(said(configured({ workers: 2 }), { memory: 2 * one - 1 })).toEqual([
    expect.stringMatching(
      /^found limits.connections with which idle connections alone may take 381/,
    ),
  ])
})

test('more workers than cores take turns', () => {
  expect(said(configured({ workers: 3 }), { memory: 1024 * 1024 * MIB })).toEqual([
    'found workers: 3 where this machine has 2 cores for them: they take turns, and each has memory of its own; write workers: auto',
  ])
})

test('this machine has a core, and no limit that is none', () => {
  const { cores, memory } = systemResources()
  expect(cores).toBeGreaterThan(0)
  expect(memory === undefined || Number.isSafeInteger(memory)).toBe(true)
})

const LIMITS: readonly (readonly [text: string, descriptors: number | undefined])[] = [
  [
    'Max processes  7  7  processes\nMax open files            1024                 524288               files\n',
    1024,
  ],
  ['Max open files            unlimited            unlimited            files\n', undefined],
  ['Max processes             7                    7                    processes\n', undefined],
  ['', undefined],
]

for (const [text, descriptors] of LIMITS) {
  test(`the limits ${JSON.stringify(text)} allow ${descriptors ?? 'any number of'} descriptors`, () => {
    expect(descriptorsIn(text)).toBe(descriptors)
  })
}

test('what the system says is told while another thread waits for a lock that this one has', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-resources-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'locked.db')
  using holder = new DatabaseSync(path)
  holder.exec('create table a (b); begin exclusive')
  const flag = new Int32Array(new SharedArrayBuffer(4))
  const code = `const { workerData: { flag, path } } = require('node:worker_threads')
    const { DatabaseSync } = require('node:sqlite')
    const database = new DatabaseSync(path, { timeout: 20_000 })
    Atomics.store(flag, 0, 1)
    Atomics.notify(flag, 0)
    try { database.exec('begin immediate') } finally { Atomics.store(flag, 0, 2) }`
  const thread = new Worker(code, { eval: true, workerData: { flag, path }, execArgv: [] })
  await Atomics.waitAsync(flag, 0, 0).value
  // Until it waits in SQLite, where nothing but the lock reaches it.
  for (let turn = 0; turn < 1000; turn += 1) await setImmediate()
  expect(systemResources().cores).toBeGreaterThan(0)
  expect(Atomics.load(flag, 0)).toBe(1)
  holder.exec('commit')
  await once(thread, 'exit')
})
