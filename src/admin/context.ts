/**
 * What every call of the admin API is given.
 */
import type { Network } from '../kernel/network.ts'
import type { Clock, Log, MonotonicClock } from '../kernel/ports.ts'
import type { Store } from '../store/port.ts'
import type { SignInAttempts } from './auth/sign-in-attempts.ts'
import type { FrontEndView } from './front-end.ts'

export interface AdminDeps {
  readonly store: Store
  readonly clock: Clock
  /** For lengths of time. */
  readonly monotonicClock: MonotonicClock
  readonly log: Log
  readonly version: string
  /** The front end that this admin API stands beside. */
  readonly frontEnd: FrontEndView
  /** Who may call at all. */
  readonly networks: readonly Network[]
  /** Key and certificate chain; nothing serves in the clear, which is for loopback only. */
  readonly tls: AdminTls | undefined
  /** Calls that an address may make in a minute, with or without a credential. */
  readonly callsPerMinute?: number
}

export interface AdminTls {
  readonly key: string
  readonly cert: string
  /** Whether administrators may sign in by client certificate. */
  readonly clientCertificates: boolean
}

/** What the calls share. */
export interface AdminContext extends AdminDeps {
  readonly signInAttempts: SignInAttempts
}
