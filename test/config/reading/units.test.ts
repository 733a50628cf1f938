import { expect, test } from 'vitest'
import { parseHost } from '../../../src/config/reading/host.ts'
import { closestMatch } from '../../../src/kernel/closest-match.ts'
import { parseInstant, parseDuration, parseSize } from '../../../src/config/reading/units.ts'

const LENGTHS: readonly (readonly [string, number | undefined])[] = [
  ['0s', 0],
  ['1ms', 1],
  ['999ms', 999],
  ['30s', 30_000],
  ['15m', 900_000],
  ['12h', 43_200_000],
  ['30d', 2_592_000_000],
  ['1d 12h', 129_600_000],
  ['1d12h', 129_600_000],
  ['1m 500ms', 60_500],
  ['2d 3h 4m 5s 6ms', 183_845_006],
  ['', undefined],
  ['30', undefined],
  ['30 s', undefined],
  ['-1s', undefined],
  ['1.5h', undefined],
  ['1s 1m', undefined],
  ['1s 1s', undefined],
  ['1w', undefined],
  ['1S', undefined],
  ['s', undefined],
  ['1000000d', undefined],
]

for (const [text, expected] of LENGTHS) {
  test(`the length "${text}" is ${expected === undefined ? 'refused' : `${expected} ms`}`, () => {
    const read = parseDuration(text)
    expect(read.ok ? read.value : undefined).toBe(expected)
  })
}

const SIZES: readonly (readonly [string, number | undefined])[] = [
  ['0B', 0],
  ['1B', 1],
  ['16KiB', 16_384],
  ['2MiB', 2_097_152],
  ['1GiB', 1_073_741_824],
  ['16', undefined],
  ['16KB', undefined],
  ['16k', undefined],
  ['16 KiB', undefined],
  ['1.5MiB', undefined],
  ['-1B', undefined],
]

for (const [text, expected] of SIZES) {
  test(`the size "${text}" is ${expected === undefined ? 'refused' : `${expected} octets`}`, () => {
    const read = parseSize(text)
    expect(read.ok ? read.value : undefined).toBe(expected)
  })
}

const INSTANTS: readonly (readonly [string, string | undefined])[] = [
  ['2026-03-01', '2026-03-01T00:00:00.000Z'],
  ['2024-02-29', '2024-02-29T00:00:00.000Z'],
  ['2026-03-01T12:30:00Z', '2026-03-01T12:30:00.000Z'],
  ['2026-03-01T12:30Z', '2026-03-01T12:30:00.000Z'],
  ['2026-03-01T00:30:00+02:00', '2026-02-28T22:30:00.000Z'],
  ['2026-03-01T12:30:00.250Z', '2026-03-01T12:30:00.250Z'],
  ['2026-03-01T23:59:59.9+01:00', '2026-03-01T22:59:59.900Z'],
  ['2026-03-01T12:30:00.2500Z', undefined],
  ['2026-03-01T12:30.5Z', undefined],
  ['2026-03-01T24:00:00Z', undefined],
  ['2026-03-01T23:60:00Z', undefined],
  ['2026-03-01T23:59:60Z', undefined],
  ['2026-03-01T12:00:00+24:00', undefined],
  ['2026-02-29', undefined],
  ['2026-02-30T00:00:00Z', undefined],
  ['2026-13-01', undefined],
  ['2026-03-01T25:00:00Z', undefined],
  ['2026-03-01T12:00:00', undefined],
  ['2026-03-01 12:00:00Z', undefined],
  ['01.03.2026', undefined],
  ['2026', undefined],
]

for (const [text, expected] of INSTANTS) {
  test(`the point in time "${text}" is ${expected ?? 'refused'}`, () => {
    const read = parseInstant(text)
    expect(read.ok ? new Date(read.value).toISOString() : undefined).toBe(expected)
  })
}

const HOSTS: readonly (readonly [string, string | undefined])[] = [
  ['mdm.example.com', 'mdm.example.com'],
  ['MDM.Example.COM', 'mdm.example.com'],
  ['mdm.example.com.', 'mdm.example.com'],
  ['localhost', 'localhost'],
  ['xn--mnchen-3ya.example', 'xn--mnchen-3ya.example'],
  ['127.0.0.1', '127.0.0.1'],
  ['::1', '::1'],
  ['[::1]', '::1'],
  [`${'a'.repeat(63)}.example`, `${'a'.repeat(63)}.example`],
  [`${'a'.repeat(64)}.example`, undefined],
  ['', undefined],
  ['.', undefined],
  ['-a.example', undefined],
  ['a-.example', undefined],
  ['a b.example', undefined],
  ['1.2.3', undefined],
  ['1.2.3.4.5', undefined],
  ['256.1.1.1', undefined],
  ['example.com:443', undefined],
  ['[::1]:443', undefined],
  ['https://example.com', undefined],
  ['*.example.com', undefined],
  ['user@example.com', undefined],
]

for (const [text, expected] of HOSTS) {
  test(`the host "${text.slice(0, 30)}" is ${expected === undefined ? 'refused' : 'read'}`, () => {
    const read = parseHost(text)
    expect(read.ok ? read.value : undefined).toBe(expected)
  })
}

const WORDS = ['port', 'hosts', 'routes', 'certificates', 'enrollmentSettings']
const SLIPS: readonly (readonly [string, string | undefined])[] = [
  ['prot', 'port'],
  ['PORT', 'port'],
  ['host', 'hosts'],
  ['rotues', 'routes'],
  ['certificate', 'certificates'],
  ['enrolmentsettings', 'enrollmentSettings'],
  ['colour', undefined],
  ['po', undefined],
  ['', undefined],
  ['x'.repeat(1000), undefined],
]

for (const [typed, expected] of SLIPS) {
  test(`"${typed.slice(0, 20)}" ${expected === undefined ? 'is no name that we know' : `means ${expected}`}`, () => {
    expect(closestMatch(typed, WORDS)).toBe(expected)
  })
}
