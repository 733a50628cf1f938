/** The groups of the matrix, in the order in which they are printed. */
import { PROTOCOL_ROWS, SUITE_ROWS } from './rows-offer.ts'
import { CERTIFICATE_ROWS, PIN_ROWS } from './rows-certificate.ts'
import { NAME_ROWS, SNI_ROWS } from './rows-name.ts'
import { CLIENT_ROWS } from './rows-client.ts'
import { ALLOWED_ROWS, LOGGED_ROWS } from './rows-logged.ts'
import type { Group } from './row.ts'

export const GROUPS: readonly Group[] = [
  {
    title: 'Protocols, each alone',
    rows: PROTOCOL_ROWS,
    dangerous: ['weak-upstream-protocol'],
  },
  { title: 'Cipher suites, each alone', rows: SUITE_ROWS, dangerous: [] },
  { title: 'Server name indication', rows: SNI_ROWS, dangerous: [] },
  { title: 'Names in certificates, strict TLS', rows: NAME_ROWS, dangerous: [] },
  { title: 'Certificates, strict TLS', rows: CERTIFICATE_ROWS, dangerous: [] },
  { title: 'Pins', rows: PIN_ROWS, dangerous: [] },
  { title: 'Client certificate demanded', rows: CLIENT_ROWS, dangerous: [] },
  {
    title: 'Allow and Log untrusted servers',
    rows: ALLOWED_ROWS,
    dangerous: ['untrusted-servers-allowed'],
  },
  {
    title: 'Certificates, strict TLS off',
    rows: LOGGED_ROWS,
    dangerous: ['unverified-upstream'],
  },
]
