/** The TLS settings of upstreams, from a draft to what holds. */
import { scenarios } from '../scenario.ts'

export const UPSTREAM_TLS = [
  ...scenarios('upstream-tls list', ['', { reads: true, says: /core/u }]),
  ...scenarios(
    'upstream-tls show',
    ['core', { reads: true, says: /draft/iu }],
    ['cor', { code: 1, says: /there is no upstream/u }],
  ),
  ...scenarios(
    'upstream-tls draft',
    [
      'core --mode custom --protocols TLSv1.3 --suites TLS_AES_256_GCM_SHA384 --groups X25519 --strict on --allow-and-log off --sni localhost',
      { says: /Enable SNI: from on to localhost/u },
    ],
    ['core --sni on --json', { says: /"sni"/u }],
    ['core --default-store system --custom-store on', { code: 1, says: /default_store/u }],
    ['core --strict off --allow-and-log on', { code: 1, says: /whose option it is, is off/u }],
    ['core --suites ROT13', { code: 1, says: /ROT13/u }],
    ['core', { code: 2, says: /--mode/u }],
  ),
  ...scenarios(
    'upstream-tls test',
    ['core', { reads: true, says: /TLSv1\.3/u }],
    ['core --applied --server $server', { reads: true }],
    ['core --server localhost:1', { code: 1 }],
  ),
  ...scenarios(
    'upstream-tls scan',
    ['core --server $server', { reads: true, says: /TLSv1\.3/u }],
    ['core --applied', { reads: true }],
  ),
  ...scenarios(
    'upstream-tls apply',
    ['core', { code: 2, says: /custom-selection/u }],
    ['core --acknowledge custom-selection --json', { says: /"changed": false/u }],
    ['core --acknowledge nonsense', { code: 2, says: /wanted one of/u }],
  ),
  ...scenarios(
    'upstream-tls reset',
    ['core', { says: /Protocols: adds TLSv1\.2/u }],
    ['core --json'],
  ),
  ...scenarios('upstream-tls apply', ['core', { answers: ['yes', 'yes'], says: /core/u }]),
]
