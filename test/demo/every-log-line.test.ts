/** The readable log against every kind of line that the program writes, as its source has them. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readableLine, type LogStyle } from '../../src/demo/readable-log.ts'

const SCREEN: LogStyle = {
  paint: (_, text) => text,
  withTimes: (sentence) => sentence,
  signs: { yes: 'yes', no: 'NO', note: '-', arrow: '->' },
}

type Entry = Readonly<Record<string, unknown>>

const tell = (entry: Entry): string | undefined => readableLine(JSON.stringify(entry), SCREEN)

/** `log.warn(facts, 'message')`, over several lines too; what stands in a variable is a sentence like any other. */
const LOG_CALL =
  /\blog\.(info|warn|error|fatal)\(\s*[\s\S]{0,160}?,\s*(?:'([^'\n]+)'|`([^`\n]+)`|\w+),?\s*\)/g

const kinds = ['src/serve', 'src/admin', 'src/cli'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => [...readFileSync(join(folder, name), 'utf8').matchAll(LOG_CALL)])
    .map(([, level = '', plain, template]) => ({
      level,
      msg: plain ?? template?.replaceAll(/\$\{[^}]+\}/g, 'applied') ?? 'a sentence',
    }))
    // It has an outcome always; below are all of them.
    .filter(({ msg }) => msg !== 'connection'),
)

/** What such lines carry besides: nothing, and everything that another kind of line might be taken for. */
const FACTS: readonly Entry[] = [
  {},
  { outcome: 'unchanged', who: 'alice', from: '127.0.0.1' },
  { kind: 'refused', faults: [{ at: 'demo.yaml:1:1', message: 'found nothing' }] },
  { faults: [{ message: 'found nothing' }], err: {} },
  { at: 'demo.yaml:1:1', changed: [], device: {}, err: { message: 'broken' } },
  { reason: 'it is away', next_step: 'start it', reference: 'abc-1', detail: 'a detail' },
]

test('the source is searched for real: it logs dozens of kinds of lines', () => {
  expect(kinds.length).toBeGreaterThan(45)
  const found = kinds.map(({ msg }) => msg)
  expect(found).toContain('a reload was asked for')
  expect(found).toContain('reload applied')
  expect(found).toContain('untrusted upstream used: strict TLS is off')
  expect(found).toContain('untrusted upstream used: Allow and Log untrusted servers is on')
})

for (const { level, msg } of new Map(
  kinds.map((one) => [`${one.level} ${one.msg}`, one]),
).values()) {
  test(`${level} ‘${msg}’ is told as itself or not at all, and never as undefined`, () => {
    for (const facts of FACTS) {
      const told = tell({ level, time: '2026-11-22T10:00:00.000Z', ...facts, msg })
      if (level !== 'info') expect(told).toContain(msg)
      expect(told ?? msg).toContain(msg)
      expect(told ?? '').not.toMatch(/undefined|connection (?:unchanged|refused)/)
    }
  })
}

const OUTCOMES =
  'served closed-before-request refused handshake-failed ended relayed aborted failed'.split(' ')

for (const msg of ['connection', 'tunnel']) {
  for (const outcome of OUTCOMES) {
    test(`a ${msg} with the outcome ${outcome} is told with a code and without, and never as undefined`, () => {
      for (const code of [undefined, 'blocked']) {
        const told = tell({ level: 'info', msg, outcome, code }) ?? ''
        expect(told).not.toContain('undefined')
        if (outcome !== 'served') expect(told).toContain(outcome)
      }
    })
  }
}
