/**
 * B15: a listener that names many authorities. A client in Java ends a handshake with a message over 32 KiB; OpenSSL, nginx
 * and HAProxy name what they are given and warn of nothing.
 */
import { mintCa } from '../../support/certificates/mint.ts'
import type { Scene } from '../case.ts'
import { checked } from './checked.ts'

const SETTINGS = 331
const LIMIT = 32_640
/** Octets in the list beside the letters of a common name of less than a hundred: a length of two, and DER. */
const AROUND = 15

const RETIRED = 'standing: previously-trusted, retiredAt: 2100-01-01'

/** What `tfe check` says where the names take so many octets together. */
async function said(octets: number): Promise<string> {
  const each = Math.floor(octets / SETTINGS)
  const keys = mintCa()
  const files: Record<string, string> = {}
  const settings: string[] = []
  for (let index = 0; index < SETTINGS; index += 1) {
    const rest = index < octets - each * SETTINGS ? 1 : 0
    const name = `CA ${index} `.padEnd(each - AROUND + rest, 'x')
    files[`${index}.pem`] = mintCa({ name, keys }).pem
    settings.push(
      `\n    - { name: S${index}, ${index === 0 ? 'standing: current' : RETIRED}, chain: 'file:${index}.pem' }`,
    )
  }
  const trust = `\n  enrollmentSettings:${settings.join('')}`
  const text = await checked({ files, yaml: { trust }, tls: '{ advertiseCas: true }' })
  const [, counted] = /whose names take (\d+) octets/u.exec(text) ?? []
  if (/✗ \d+ faults?:/u.test(text)) return `not served: ${text.slice(0, 200)}`
  if (counted === undefined) return 'no warning'
  return `${counted} octets, ${/client in Java/u.test(text) ? 'Java is named' : 'Java is not named'}`
}

export const AUTHORITIES: readonly Scene[] = [
  {
    cases: [
      {
        id: 'B15',
        what: `${SETTINGS} settings whose names take ${LIMIT} octets`,
        expected: 'no warning',
      },
      {
        id: 'B15',
        what: `${SETTINGS} settings whose names take one octet more`,
        expected: `${LIMIT + 1} octets, Java is named`,
      },
    ],
    play: async () => {
      const beside = 'OpenSSL, nginx and HAProxy warn of none'
      return [
        { seen: await said(LIMIT), beside },
        { seen: await said(LIMIT + 1), beside },
      ]
    },
  },
]
