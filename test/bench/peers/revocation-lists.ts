/** Revocation lists of so many entries, none of them a device of the run. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as der from '../../support/certificates/der-writer.ts'
import { crlPem, mintCrl } from '../../support/certificates/mint-crl.ts'
import type { Issuers } from './certificates.ts'

/** A setting of ours, and a file with the lists of both CAs, which OpenSSL wants. */
export interface RevocationLists {
  readonly setting: object
  readonly together: string
}

/** Writes them; the CA of the devices has revoked so many certificates, the root none. */
export function writeRevocationLists(
  folder: string,
  { root, devices }: Issuers,
  size: number,
): RevocationLists {
  const entries = size === 0 ? {} : { rawEntries: der.tlv(0x30, entriesOf(size)) }
  const ofDevices = mintCrl({ issuer: devices, ...entries })
  const ofRoot = mintCrl({ issuer: root })
  const path = (name: string): string => join(folder, `${name}-${size}`)
  writeFileSync(path('devices.crl'), ofDevices)
  writeFileSync(path('root.crl'), ofRoot)
  writeFileSync(path('both.crl'), crlPem(ofDevices) + crlPem(ofRoot))
  writeFileSync(path('chain.pem'), devices.pem + root.pem)
  const lists = [{ file: path('devices.crl') }, { file: path('root.crl') }]
  const chain = `file:${path('chain.pem')}`
  return {
    setting: { name: 'bench', standing: 'current', chain, crl: { lists } },
    together: path('both.crl'),
  }
}

/** SEQUENCE { serial of sixteen octets, UTCTime } so many times, without an object for each: there may be a million. */
function entriesOf(size: number): Buffer {
  const time = der.time(new Date(Date.now() - 3_600_000))
  const one = der.sequence(der.tlv(0x02, Buffer.alloc(16, 0x41)), time)
  const all = Buffer.alloc(one.length * size, one)
  for (let at = 0; at < size; at += 1) all.writeUInt32BE(at, at * one.length + SERIAL_END - 4)
  return all
}

/** Where a serial ends in an entry: behind two headers of two octets. */
const SERIAL_END = 2 + 2 + 16
