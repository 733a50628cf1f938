/** What the lists of one place may be followed by, across files, restarts and resets. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Instant, Millis } from '../../src/kernel/types.ts'
import {
  CrlRefresher,
  type ConfiguredCrl,
  type RefreshResult,
} from '../../src/revoke/crl-refresher.ts'
import { objectionToList } from '../../src/revoke/departures.ts'
import { DEFAULT_LIMITS, type Profile } from '../../src/trust/limits.ts'
import { listsByIssuer, verifyList } from '../../src/trust/revocation.ts'
import type { Crl } from '../../src/x509/crl.ts'
import { crlPem, mintCrl } from '../support/certificates/mint-crl.ts'
import { mintCa } from '../support/certificates/mint.ts'
import { read } from '../trust/fleet.ts'

const HOUR = 3_600_000
const MADE = Math.floor(Date.now() / 1000) * 1000 - 24 * HOUR
const CA = mintCa({ name: 'CA' })

interface Listed {
  readonly number: number | null
  /** In hours. */
  readonly at: number
  readonly revoked?: readonly number[]
}

const list = ({ number, at, revoked = [] }: Listed): Buffer =>
  mintCrl({
    issuer: CA,
    number,
    thisUpdate: new Date(MADE + at * HOUR),
    revoked: revoked.map((serial) => ({ serial })),
  })

/** A place that is a file, asked only when the test says so. */
class Place {
  readonly #folder = mkdtempSync(join(tmpdir(), 'tfe-refresher-'))
  readonly #profile: Profile
  readonly results: RefreshResult[] = []
  refresher: CrlRefresher
  #writes = 0

  constructor(profile: Profile = 'private') {
    this.#profile = profile
    this.refresher = this.#made(0)
  }

  #made(resets: number): CrlRefresher {
    const ports = {
      clock: { now: () => MADE as Instant, monotonic: () => 0 as Millis },
      chance: () => 0,
      after: () => () => {},
      lookup: () => {},
    }
    return new CrlRefresher(this.configured(resets), ports, (_, result) =>
      this.results.push(result),
    )
  }

  configured(resets: number): ConfiguredCrl {
    return {
      setting: 'Fleet',
      number: 1,
      source: { kind: 'file', path: join(this.#folder, 'list.crl') },
      refresh: HOUR as Millis,
      authorities: [read(CA)],
      limits: DEFAULT_LIMITS,
      profile: this.#profile,
      resets,
    }
  }

  /** Publishes, asks, and tells what came of it. */
  async publish(octets: Buffer): Promise<string> {
    // A file is told by its size and time, too: another length for each.
    this.#writes += 1
    const before = this.results.length
    writeFileSync(
      join(this.#folder, 'list.crl'),
      Buffer.concat([octets, Buffer.alloc(this.#writes, 0x0a)]),
    )
    await this.refresher.refresh()
    const result = this.results.at(before)
    if (result === undefined) return this.refresher.failure?.kind ?? 'unchanged'
    if (result.kind === 'failed') return result.why.kind
    if (result.kind === 'unchanged') return 'unchanged'
    const findings = result.findings.filter((one) => one !== 'trailing-white-space')
    return ['applied', ...findings].join(' ')
  }

  /** What a process that starts anew goes on with: only what is kept. */
  restart(crls: readonly Crl[] = this.refresher.kept): void {
    this.refresher.close()
    this.refresher = this.#made(0)
    this.refresher.resume(crls)
  }

  [Symbol.dispose](): void {
    this.refresher.close()
    rmSync(this.#folder, { recursive: true })
  }
}

const NUMBERED = list({ number: 7, at: 1, revoked: [1] })
const UNNUMBERED = list({ number: null, at: 2, revoked: [1] })
const LOWER = list({ number: 5, at: 3 })

test('a list without a number is taken with a finding', async () => {
  using place = new Place()
  expect(await place.publish(UNNUMBERED)).toBe('applied unnumbered')
})

test('profile strict takes no list without a number, and no odd file', async () => {
  using place = new Place('strict')
  expect(await place.publish(UNNUMBERED)).toBe('crl-departs-from-profile')
  expect(await place.publish(NUMBERED)).toBe('crl-departs-from-profile')
  expect(place.refresher.crls).toEqual([])
})

test('a list that profile strict does not take is not in force there, at a start neither, and is kept', async () => {
  using place = new Place()
  await place.publish(UNNUMBERED)
  const { kept } = place.refresher
  place.refresher.reconfigure({ ...place.configured(0), profile: 'strict' })
  expect(place.refresher.crls).toEqual([])
  expect(place.refresher.kept).toEqual(kept)
  await place.refresher.refresh()
  expect(place.refresher.failure?.kind).toBe('crl-departs-from-profile')
  using strict = new Place('strict')
  strict.restart(kept)
  expect(strict.refresher.crls).toEqual([])
  expect(strict.refresher.kept).toEqual(kept)
})

test('what a list without a number has taken the place of does not come into force again in profile strict', async () => {
  using place = new Place()
  await place.publish(NUMBERED)
  await place.publish(list({ number: null, at: 2, revoked: [1, 2] }))
  place.refresher.reconfigure({ ...place.configured(0), profile: 'strict' })
  expect(place.refresher.crls).toEqual([])
  const { kept } = place.refresher
  expect(kept).toHaveLength(2)
  using strict = new Place('strict')
  strict.restart(kept)
  expect(strict.refresher.crls).toEqual([])
  expect(strict.refresher.kept).toHaveLength(2)
})

test('control: judged one by one, the numbered list before would be in force in profile strict', async () => {
  using place = new Place()
  await place.publish(NUMBERED)
  await place.publish(UNNUMBERED)
  const fit = place.refresher.kept.filter((crl) => objectionToList(crl, 'strict') === undefined)
  using strict = new Place('strict')
  strict.restart(fit)
  expect(strict.refresher.crls.map(({ number }) => number)).toEqual(['07'])
})

test('profile strict that is tried and given up forgets nothing', async () => {
  using place = new Place()
  await place.publish(NUMBERED)
  await place.publish(UNNUMBERED)
  const { crls, kept } = place.refresher
  place.refresher.reconfigure({ ...place.configured(0), profile: 'strict' })
  place.refresher.reconfigure(place.configured(0))
  expect(place.refresher.crls).toEqual(crls)
  expect(place.refresher.kept).toEqual(kept)
  expect(await place.publish(LOWER)).toBe('crl-number-lower')
})

test('lists that go on in another place are news where any that is kept changes, and only there', async () => {
  using place = new Place()
  await place.publish(NUMBERED)
  await place.publish(UNNUMBERED)
  const [unnumbered, numbered] = place.refresher.kept
  if (unnumbered === undefined || numbered === undefined) throw new Error('kept two lists')
  using heir = new Place()
  expect(heir.refresher.resume([unnumbered])).toBe(true)
  expect(heir.refresher.resume([unnumbered])).toBe(false)
  expect(heir.refresher.resume([numbered])).toBe(true)
  expect(heir.refresher.kept).toEqual([unnumbered, numbered])
  expect(heir.refresher.resume([numbered, unnumbered])).toBe(false)
})

test('a fault of ours while a place is asked is told as one, and the place is asked again', async () => {
  let isBroken = true
  using place = new Place()
  const whole = place.configured(0)
  const authorities = whole.authorities
  place.refresher.reconfigure({
    ...whole,
    get authorities() {
      if (isBroken) throw new RangeError('a bug of ours')
      return authorities
    },
  })
  expect(await place.publish(NUMBERED)).toBe('crl-internal-error')
  await place.refresher.refresh()
  expect(place.refresher.failure?.kind).toBe('crl-internal-error')
  isBroken = false
  await place.refresher.refresh()
  expect(place.results.at(-1)?.kind).toBe('applied')
  expect(place.refresher.failure).toBeUndefined()
})

test('a list that both profiles take stays when strict is turned on', async () => {
  using place = new Place()
  await place.publish(NUMBERED)
  place.refresher.reconfigure({ ...place.configured(0), profile: 'strict' })
  expect(place.refresher.crls).toHaveLength(1)
})

test('a lower number does not come back by way of a list without one', async () => {
  using place = new Place()
  expect(await place.publish(NUMBERED)).toBe('applied')
  expect(await place.publish(UNNUMBERED)).toBe('applied no-number unnumbered')
  expect(await place.publish(LOWER)).toBe('crl-number-lower')
  expect(place.refresher.crls.map(({ number }) => number)).toEqual([undefined])
})

test('control: where the numbered list was forgotten, the lower number does come back', async () => {
  using place = new Place()
  await place.publish(NUMBERED)
  await place.publish(UNNUMBERED)
  place.restart(place.refresher.crls)
  expect(await place.publish(LOWER)).toBe('applied')
})

test('the number outlives a restart, and a second list without one', async () => {
  using place = new Place()
  await place.publish(NUMBERED)
  await place.publish(UNNUMBERED)
  place.restart()
  expect(place.refresher.crls).toHaveLength(1)
  expect(await place.publish(list({ number: null, at: 4 }))).toBe('applied no-number unnumbered')
  place.restart()
  expect(await place.publish(list({ number: 6, at: 5 }))).toBe('crl-number-lower')
})

test('a higher number goes on, and the lists before it are over', async () => {
  using place = new Place()
  await place.publish(NUMBERED)
  await place.publish(UNNUMBERED)
  expect(await place.publish(list({ number: 8, at: 5 }))).toBe('applied')
  expect(place.refresher.kept).toEqual(place.refresher.crls)
})

test('what is kept for its number alone says nothing about certificates', async () => {
  using place = new Place()
  await place.publish(list({ number: 7, at: 1, revoked: [1] }))
  await place.publish(list({ number: null, at: 2, revoked: [2] }))
  expect(place.refresher.kept).toHaveLength(2)
  const verified = place.refresher.kept.flatMap((crl) => {
    const one = verifyList(crl, [read(CA)], DEFAULT_LIMITS)
    return one.ok ? [one.value] : []
  })
  const [inForce] = [...listsByIssuer(verified).values()]
  expect(inForce?.map(({ index }) => [index.find('01'), index.find('02')?.reason])).toEqual([
    [undefined, 'unspecified'],
  ])
})

test('after a reset by an administrator the next list counts, whatever came before', async () => {
  using place = new Place()
  await place.publish(NUMBERED)
  await place.publish(UNNUMBERED)
  place.refresher.reconfigure(place.configured(1))
  expect(await place.publish(LOWER)).toBe('applied')
  expect(place.refresher.kept.map(({ number }) => number)).toEqual(['05'])
})

test('an older list without a number takes the place of none', async () => {
  using place = new Place()
  await place.publish(NUMBERED)
  expect(await place.publish(list({ number: null, at: 0 }))).toBe('crl-replayed')
  await place.publish(UNNUMBERED)
  expect(await place.publish(list({ number: null, at: 0 }))).toBe('crl-replayed')
})

test('a file with a numbered list and a later one without keeps the number, too', async () => {
  using place = new Place()
  const both = Buffer.from(crlPem(NUMBERED) + crlPem(UNNUMBERED))
  expect(await place.publish(both)).toBe('applied unnumbered')
  expect(await place.publish(LOWER)).toBe('crl-number-lower')
})
