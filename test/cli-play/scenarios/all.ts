/** Every scenario in the order in which they are played. */
import type { Scenario } from '../scenario.ts'
import { CA } from './ca.ts'
import { COPIES } from './copies.ts'
import { DEVICES } from './devices.ts'
import { FLEET } from './fleet.ts'
import { OFFLINE } from './offline.ts'
import { PEOPLE } from './people.ts'
import { PROCESSES } from './processes.ts'
import { QUERIES } from './queries.ts'
import { SECRETS } from './secrets.ts'
import { UPSTREAM_TLS } from './upstream-tls.ts'
import { UPSTREAM } from './upstream.ts'

export const SCENARIOS: readonly Scenario[] = [
  ...OFFLINE,
  ...DEVICES,
  ...QUERIES,
  ...UPSTREAM_TLS,
  // Ends with the upstreams away, before the CA of the devices goes.
  ...UPSTREAM,
  ...CA,
  ...PEOPLE,
  ...FLEET,
  ...SECRETS,
  ...COPIES,
  ...PROCESSES,
]
