import { expect, test } from 'vitest'
import { readTime, type TimeWords } from '../../src/cli/read-time.ts'
import { tfe } from '../support/cli/run-command.ts'

const TAKEN: readonly (readonly [string, TimeWords, string])[] = [
  ['2027-06-01', {}, '2027-06-01T00:00:00.000Z'],
  ['2026-11-22T10:00:00+01:00', {}, '2026-11-22T09:00:00.000Z'],
  ['2026-11-22T10:00:00.5Z', { ago: true }, '2026-11-22T10:00:00.500Z'],
  ['never', { word: 'never' }, 'never'],
  ['100000d', { ago: true }, '1970-01-01T00:00:00.000Z'],
]

for (const [text, also, expected] of TAKEN) {
  test(`the time ${text} is sent as ${expected}`, () => {
    expect(readTime(text, also)).toEqual({ ok: true, value: expected })
  })
}

test('a length of time is so long before now', () => {
  const before = Date.now()
  const read = readTime('1d 12h', { ago: true })
  const at = Date.parse(read.ok ? read.value : '') + 36 * 3_600_000
  expect(at).toBeGreaterThanOrEqual(before)
  expect(at).toBeLessThanOrEqual(Date.now())
})

const REFUSED: readonly (readonly [string, string])[] = [
  ['audit --since 2026-02-30', "found --since '2026-02-30', wanted a day that exists: correct it"],
  ['audit --until 2026-11-22T24:00:00Z', 'wanted a time from 00:00:00 to 23:59:59'],
  ['audit --until 2026-11-22T23:59:60Z', 'wanted a time from 00:00:00 to 23:59:59'],
  ['audit --since 7', 'or how long ago, such as 12h or 7d'],
  ['audit --since 7w', 'or how long ago, such as 12h or 7d'],
  ['audit --since yesterday', "found --since 'yesterday', wanted a day such as 2026-03-01"],
  ['ca promote x --sunset 7d', 'or a second such as 2026-03-01T12:00:00Z, or never: write the'],
  ['ca preview x promote --at never', "found --at 'never', wanted a day such as 2026-03-01"],
  ['token create x --days 0', "found --days '0', wanted a whole number from 1 to 400"],
  ['token create x --days 90d', "found --days '90d', wanted a whole number from 1 to 400"],
  ['token create x --days 401', 'wanted a whole number from 1 to 400'],
  ['audit --limit 1e2', "found --limit '1e2', wanted a whole number from 1 to 1000"],
  ['devices list --limit 1001', 'wanted a whole number from 1 to 1000'],
  ['devices list --limit 5 --limit 6', 'found --limit twice'],
]

for (const [line, said] of REFUSED) {
  test(`tfe ${line} is refused before anything is sent`, async () => {
    const { code, out, err } = await tfe(line.split(' '), {
      TFE_ADMIN_URL: 'http://127.0.0.1:1',
      TFE_ADMIN_TOKEN: 'tfe_x',
    })
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(said)
  })
}
