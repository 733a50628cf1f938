/**
 * A1: what was refused proves nothing. A thief who can have any name signed by a CA that is trusted no more names an
 * approved device, and then calls with an ordinary certificate for the same key.
 */
import { mintCrl, serialIn } from '../../support/certificates/mint-crl.ts'
import { mintKeys } from '../../support/certificates/mint-certificate.ts'
import { mintCa, mintLeaf, type Ca, type Leaf } from '../../support/certificates/mint.ts'
import { fleet } from '../../support/front-ends/product.ts'
import { withControl, type Scene } from '../case.ts'
import { frontEnd, keyOf, type FrontEnd } from '../front-end.ts'

const DAY = 86_400_000
const SECRET = '/secret/x'
const ROWS = ['{ id: secret, path: /secret/*, class: device, sensitive: true }']
const LONG_AGO = '2020-01-01'

interface Way {
  readonly what: string
  /** What it meets itself: 0 is a connection that was ended before a request. */
  readonly judged: string
  /** When the CA of the thief was retired, if that is the defence; in the control it never was. */
  readonly retiredAt?: string
  readonly isBackdated?: boolean
  /** Puts the defence up. */
  readonly defend?: (on: FrontEnd, thief: Thief) => Promise<unknown>
  /** The ordinary certificate calls first: its key has a device of its own when the refused one names the victim. */
  readonly isOrdinaryFirst?: boolean
}

/** A CA of its own for each way, and what is signed for the thief. */
interface Thief {
  readonly ca: Ca
  readonly setting: string
  readonly victim: Leaf
  readonly stolen: Leaf
  readonly ordinary: Leaf
}

const deny = async (on: FrontEnd, denied: object): Promise<void> => {
  await on.call('POST', '/api/deny-list', { denied, note: 'stolen' })
}
const denyIssuer = (on: FrontEnd, { ca }: Thief) => deny(on, { kind: 'key', key: keyOf(ca) })
const denySerial = (on: FrontEnd, { ca, stolen }: Thief) =>
  deny(on, {
    kind: 'serial',
    issuer_key: keyOf(ca),
    serial: serialIn(stolen.der).toString('hex'),
  })
const amend = (change: object) => (on: FrontEnd, thief: Thief) =>
  on.call('PATCH', thief.setting, change)
const revoke = (on: FrontEnd, { ca, stolen, setting }: Thief) => {
  const list = mintCrl({ issuer: ca, revoked: [{ serial: serialIn(stolen.der) }] })
  return on.call('POST', `${setting}/revocation/lists`, { list: list.toString('base64') })
}

const WAYS: readonly Way[] = [
  {
    what: 'issued after its CA was retired',
    judged: '403 issued-after-retirement',
    retiredAt: LONG_AGO,
  },
  {
    what: 'whose issuer is on the deny list',
    judged: '403 denied-issuer',
    defend: denyIssuer,
  },
  {
    what: 'back-dated, under the cut-off by known devices',
    judged: '403 unknown-at-retirement',
    retiredAt: LONG_AGO,
    isBackdated: true,
    defend: amend({ cut_off: 'known-devices' }),
  },
  {
    what: 'under a CA whose sunset has come',
    judged: '403 sunset',
    retiredAt: LONG_AGO,
    isBackdated: true,
    defend: amend({ sunset: '2021-01-01T00:00:00Z' }),
  },
  { what: 'that its CA revoked', judged: '0 revoked', defend: revoke },
  {
    what: 'on the deny list by its serial number',
    judged: '0 denied-serial',
    defend: denySerial,
  },
  {
    what: 'of a distrusted CA',
    judged: '403 distrusted',
    defend: (on, { setting }) => on.call('POST', `${setting}/distrust`),
  },
  {
    what: 'whose issuer is on the deny list, and whose key is known already,',
    judged: '403 denied-issuer',
    defend: denyIssuer,
    isOrdinaryFirst: true,
  },
  {
    what: 'that its CA revoked, and whose key is known already,',
    judged: '0 revoked',
    defend: revoke,
    isOrdinaryFirst: true,
  },
]

function thiefOf({ isBackdated }: Way, at: number): Thief {
  const ca = mintCa({ name: `Old CA ${at}`, notBefore: Date.parse(LONG_AGO) - 2 * DAY })
  const uris = [`urn:uuid:6f0c1a52-0000-4000-8000-00000000000${at}`]
  const keys = mintKeys()
  const dates = isBackdated === true ? { notBefore: Date.parse(LONG_AGO) - DAY } : {}
  return {
    ca,
    setting: `/api/enrollment-settings/old-${at}`,
    victim: mintLeaf({ issuer: fleet.devices, name: `victim ${at}`, uris }),
    stolen: mintLeaf({ issuer: ca, name: `thief ${at}`, keys, uris, ...dates }),
    ordinary: mintLeaf({ issuer: fleet.devices, name: `ordinary ${at}`, keys }),
  }
}

/** What each refused certificate, victim and ordinary certificate for the thief's key meet. */
async function steal(isDefended: boolean): Promise<readonly string[]> {
  const all = WAYS.map((way, at) => ({ way, thief: thiefOf(way, at) }))
  const settings = WAYS.map(({ retiredAt = '2100-01-01' }, at) => {
    const retired = isDefended ? retiredAt : '2100-01-01'
    return `\n    - { name: old-${at}, standing: previously-trusted, retiredAt: ${retired}, chain: 'file:old-${at}.pem' }`
  })
  await using on = await frontEnd({
    rows: ROWS,
    files: Object.fromEntries(all.map(({ thief }, at) => [`old-${at}.pem`, thief.ca.pem])),
    yaml: {
      approval: ' { model: manual }',
      trust: `
  enrollmentSettings:
    - { name: Fleet, standing: current, chain: 'file:fleet.pem' }${settings.join('')}`,
    },
  })
  for (const { thief } of all) await on.status(thief.victim)
  for (const { thief } of all) {
    const { id, version } = await on.known(thief.victim)
    await on.call('POST', '/api/devices/approve', { devices: [{ id, version }] })
  }
  for (const { way, thief } of all) if (isDefended) await way.defend?.(on, thief)
  await on.inForce()
  const early = all.filter(({ way }) => way.isOrdinaryFirst === true)
  const late = all.filter(({ way }) => way.isOrdinaryFirst !== true)
  for (const { thief } of early) await on.status(thief.ordinary)
  for (const { thief } of early) await on.known(thief.ordinary)
  const judged: string[] = []
  for (const { thief } of all) judged.push(await on.verdict(thief.stolen))
  for (const { thief } of late) await on.known(thief.stolen)
  for (const { thief } of late) await on.status(thief.ordinary)
  for (const { thief } of all) await on.known(thief.ordinary, 2)
  await on.inForce()
  const seen: string[] = []
  for (const [at, { thief }] of all.entries()) {
    const victim = await on.status(thief.victim, SECRET)
    const robber = await on.status(thief.ordinary, SECRET)
    const { approval } = await on.known(thief.victim)
    seen.push(`${judged[at]}; victim ${victim} and ${approval}, thief ${robber}`)
  }
  return seen
}

export const REFUSED_EVIDENCE: readonly Scene[] = [
  {
    cases: WAYS.map(({ what, judged }) => ({
      id: 'A1',
      what: `a certificate ${what} binds its key to no approved device`,
      expected: `${judged}; victim 200 and approved, thief 403`,
      control: '200 verified; victim 200 and approved, thief 200',
    })),
    play: () => withControl(steal),
  },
]
