/**
 * B17: how long a PROXY header real readers take, as the documentation and the warning say it, and what they do where no
 * addresses are known. The control is what might be sent there: command PROXY without addresses, and LOCAL.
 */
import { proxyHeader } from '../../../src/message/proxy-protocol.ts'
import { parseCertificate } from '../../../src/x509/certificate.ts'
import { fleet } from '../../support/front-ends/product.ts'
import { LOCAL, longestTaken, startReader, UNSPEC } from '../../support/programs/proxy-readers.ts'
import type { Scene, Seen } from '../case.ts'
import { checked } from './checked.ts'

/** The longest header of Debian 12's programs, and what they do on PROXY without addresses and on LOCAL. */
const READERS = [
  ['haproxy', 16_384, 'closes, takes LOCAL'],
  ['nginx', 1024, 'takes it, takes LOCAL'],
  ['apache', 232, 'closes, takes LOCAL'],
  ['lighttpd', 256, 'takes it, takes LOCAL'],
  ['varnish', 404, 'takes it, takes LOCAL'],
] as const

const NOWHERE = { address: '', port: 0 }
const told = (vouched: boolean): Buffer | undefined => {
  const read = parseCertificate(fleet.device.der)
  if (!read.ok) throw new Error('a certificate of the tests is not read')
  return proxyHeader({
    source: NOWHERE,
    destination: NOWHERE,
    authority: 'mdm.example.com',
    uniqueId: '0123456789abcdef',
    tls: {
      version: 'TLSv1.3',
      cipher: 'TLS_AES_128_GCM_SHA256',
      resumed: false,
      vouched: vouched ? read.value : undefined,
    },
    withCertificate: true,
  })
}

const sent = (vouched: boolean): string =>
  told(vouched) === undefined ? 'nothing is sent' : 'a header is sent'

async function play(): Promise<readonly Seen[]> {
  const lengths: Seen[] = []
  const unknown: Seen[] = []
  for (const [name] of READERS) {
    await using reader = await startReader(name)
    lengths.push({
      seen: String(await longestTaken(reader)),
      beside: 'OpenSSL reads no PROXY header',
    })
    const unspec = (await reader.takes(UNSPEC)) ? 'takes it' : 'closes'
    const local = (await reader.takes(LOCAL)) ? 'takes LOCAL' : 'closes on LOCAL'
    unknown.push({ seen: sent(false), control: `${unspec}, ${local}` })
  }
  return [
    ...lengths,
    ...unknown,
    { seen: sent(true) },
    { seen: await warned('') },
    { seen: await warned(', proxyCertificate: false') },
  ]
}

/** What `tfe check` says of a sync port with this setting. */
async function warned(setting: string): Promise<string> {
  const listeners = `
  sync:
    purpose: sync
    address: 127.0.0.1
    port: 9997
    hosts: [localhost]
    certificates: [{ chain: 'file:server.pem', key: 'file:server.key' }]
    relay: { upstream: mdm, certificate: device, proxyProtocol: before-tls${setting} }`
  const said = await checked({ yaml: { listeners, routes: ' {}' } })
  const names = ['Apache httpd takes 232', 'lighttpd 256', 'Varnish 404', 'older nginx 1,024']
  return names.every((name) => said.includes(name)) ? 'warned' : 'not warned'
}

export const PROXY_HEADERS: readonly Scene[] = [
  {
    cases: [
      ...READERS.map(([name, longest]) => ({
        id: 'B17',
        what: `the longest PROXY header that ${name} of Debian 12 takes`,
        expected: String(longest),
      })),
      ...READERS.map(([name, , control]) => ({
        id: 'B17',
        what: `no identity to ${name} where no addresses are known`,
        expected: 'nothing is sent',
        control,
      })),
      {
        id: 'B17',
        what: 'an identity where no addresses are known',
        expected: 'nothing is sent',
      },
      {
        id: 'B17',
        what: 'a sync port that sends the certificate without a word on the length',
        expected: 'warned',
      },
      { id: 'B17', what: 'a sync port that does not send it', expected: 'not warned' },
    ],
    play,
  },
]
