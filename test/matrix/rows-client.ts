/** Servers that demand our certificate. */
import { good, siteCa } from './material.ts'
import { alerted, failed, served, type Expected, type Row } from './row.ts'

/** nginx ends the handshake well and says it in HTTP. */
const SAID_IN_HTTP: Expected = { status: 400, metrics: [] }

/** Node's server breaks off without a word: in the handshake, or with TLS 1.3 once it is over. */
const SILENCE = {
  'TLSv1.2': failed('reset', 'UPSTREAM broke off the connection during the TLS handshake'),
  'TLSv1.3': failed('reset', 'UPSTREAM broke off the connection before any answer'),
} as const

const us = { chain: 'file:us.pem', key: 'file:us.key' }
const stranger = { chain: 'file:strange.pem', key: 'file:strange.key' }

export const CLIENT_ROWS: readonly Row[] = (['TLSv1.2', 'TLSv1.3'] as const).flatMap((version) => {
  const server = { leaf: good, clientCa: siteCa.pem }
  const protocols = [version]
  return [
    {
      what: `${version}, ours given`,
      server,
      tls: { protocols, clientCertificate: us },
      expected: served({ protocol: version }),
    },
    {
      what: `${version}, none given`,
      server,
      tls: { protocols },
      expected: alerted(version === 'TLSv1.2' ? 'handshake_failure' : 'certificate_required'),
      except: { nginx: SAID_IN_HTTP },
    },
    {
      what: `${version}, one of an unknown CA given`,
      server,
      tls: { protocols, clientCertificate: stranger },
      expected: alerted('unknown_ca'),
      except: { nginx: SAID_IN_HTTP, node: SILENCE[version] },
    },
  ]
})
