/**
 * C5: what `tfe check` opens of what a configuration names. The control is the sound configuration, of which nothing is told
 * there: without it, a warning that always stands would look like one that was found.
 */
import { rootCertificates } from 'node:tls'
import { mintCrl } from '../../support/certificates/mint-crl.ts'
import { mintCa, mintLeaf } from '../../support/certificates/mint.ts'
import { fleet } from '../../support/front-ends/product.ts'
import { checked, type Checked } from '../b/checked.ts'
import type { Case, Scene } from '../case.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

type FileText = Readonly<Record<string, string | Buffer>>

const trustOf = (setting: string): string => `
  enrollmentSettings:
    - { name: Fleet, standing: current, chain: 'file:fleet.pem'${setting} }`

const WITH_LIST: Checked['yaml'] = { trust: trustOf(", crl: { lists: [{ file: 'a.crl' }] }") }
const WITHOUT_LIST: Checked['yaml'] = { trust: trustOf('') }
const GOOD_LIST: FileText = { 'a.crl': mintCrl({ issuer: fleet.devices }) }

const serving = (notAfter: number) =>
  mintLeaf({
    issuer: fleet.serverCa,
    purposes: ['serverAuth'],
    dns: ['localhost'],
    ips: ['127.0.0.1'],
    notBefore: Date.now() - 300 * DAY,
    notAfter,
  })
const client = (notAfter: number) =>
  mintLeaf({ issuer: fleet.upstreamCa, notBefore: Date.now() - 300 * DAY, notAfter })

const pair = (name: string, { pem, keyPem }: ReturnType<typeof serving>): FileText => ({
  [`${name}.pem`]: pem,
  [`${name}.key`]: keyPem,
})

interface Row {
  readonly what: string
  readonly expected: string
  readonly yaml: Checked['yaml']
  readonly files: FileText
  /** The files of the control. */
  readonly sound: FileText
  /** What is looked for, by what it is called in a row. */
  readonly said: RegExp
}

const privateRoot = mintCa({ name: 'Private Root' })
const issuing = mintCa({ name: 'Private Issuing', issuer: privateRoot })
const ofPrivateRoot = mintLeaf({
  issuer: issuing,
  purposes: ['serverAuth'],
  dns: ['localhost'],
  ips: ['127.0.0.1'],
})

const ROWS: readonly Row[] = [
  {
    what: 'a revocation list that is not there',
    expected: 'crl-file-unreadable',
    yaml: WITH_LIST,
    files: {},
    sound: GOOD_LIST,
    said: /crl-file-unreadable/u,
  },
  {
    what: 'a revocation list by another CA',
    expected: 'crl-of-another-ca',
    yaml: WITH_LIST,
    files: { 'a.crl': mintCrl({ issuer: fleet.stranger }) },
    sound: GOOD_LIST,
    said: /crl-of-another-ca/u,
  },
  {
    what: 'a revocation list that has ended',
    expected: 'of CN=Fleet Devices ended',
    yaml: WITH_LIST,
    files: {
      'a.crl': mintCrl({ issuer: fleet.devices, nextUpdate: new Date(Date.now() - HOUR) }),
    },
    sound: GOOD_LIST,
    said: /of CN=Fleet Devices ended/u,
  },
  {
    what: 'the list of the root where the CA below it issues to devices',
    expected: 'no revocation list of CN=Fleet Devices is in force',
    yaml: WITH_LIST,
    files: { 'a.crl': mintCrl({ issuer: fleet.root }) },
    sound: GOOD_LIST,
    said: /no revocation list of CN=Fleet Devices is in force/u,
  },
  {
    what: 'a client certificate for an upstream that has expired',
    expected: 'the client certificate for the upstream mdm expired',
    yaml: WITHOUT_LIST,
    files: pair('front-end', client(Date.now() - HOUR)),
    sound: {},
    said: /the client certificate for the upstream mdm expired/u,
  },
  {
    what: 'a server certificate that ends in two days',
    expected: 'the server certificate ends at',
    yaml: WITHOUT_LIST,
    files: pair('server', serving(Date.now() + 2 * DAY)),
    sound: {},
    said: /the server certificate ends at/u,
  },
  {
    what: 'the public web authorities as the CA of devices',
    expected: `${rootCertificates.length} of the ${rootCertificates.length} certificates of its chain`,
    yaml: WITHOUT_LIST,
    files: { 'fleet.pem': rootCertificates.join('\n') },
    sound: {},
    said: /\d+ of the \d+ certificates of its chain/u,
  },
  {
    what: 'a device’s certificate beside its CA',
    expected: 'in its chain is no CA',
    yaml: WITHOUT_LIST,
    files: { 'fleet.pem': fleet.devices.pem + fleet.root.pem + fleet.device.pem },
    sound: {},
    said: /in its chain is no CA/u,
  },
  {
    what: 'a device’s certificate in place of its CA',
    expected: 'cannot be a trust anchor',
    yaml: WITHOUT_LIST,
    files: { 'fleet.pem': fleet.device.pem },
    sound: {},
    said: /cannot be a trust anchor/u,
  },
]

async function found({ yaml, said }: Row, files: FileText): Promise<string> {
  return said.exec(await checked({ files, yaml }))?.[0] ?? 'nothing'
}

const caseOf = ({ what, expected }: Row): Case => ({
  id: 'C5',
  what,
  expected,
  control: 'nothing',
})

const ENDINGS = ['with its root', 'without its root'] as const

export const CHECKED: readonly Scene[] = [
  ...ROWS.map((row): Scene => ({
    cases: [caseOf(row)],
    play: async () => [{ seen: await found(row, row.files), control: await found(row, row.sound) }],
  })),
  {
    cases: ENDINGS.map((ending) => ({
      id: 'C5',
      what: `a server certificate of a private root, its issuing CA sent ${ending}`,
      expected: '1 warning of the authority, none of a missing intermediate',
    })),
    play: async () => {
      const chain = ofPrivateRoot.pem + issuing.pem
      const texts = await Promise.all(
        [chain + privateRoot.pem, chain].map((pem) =>
          checked({
            yaml: WITHOUT_LIST,
            files: { 'server.pem': pem, 'server.key': ofPrivateRoot.keyPem },
          }),
        ),
      )
      return texts.map((text) => {
        const count = text.split('leads to "CN=Private Root"').length - 1
        const missing = text.includes('cannot build a path') ? 'one' : 'none'
        return {
          seen: `${count} warning of the authority, ${missing} of a missing intermediate`,
        }
      })
    },
  },
]
