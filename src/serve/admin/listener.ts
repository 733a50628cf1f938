/**
 * The admin API's listener: its own port, its own certificate, its own end.
 */
import type { AddressInfo } from 'node:net'
import { adminServer } from '../../admin/server.ts'
import { serverIdentity, type ServerIdentity } from '../../handshake/server-identity.ts'
import { fail, ok, type Fault, type Result } from '../../kernel/types.ts'
import type { AdminDeps } from '../../admin/context.ts'
import { bindFault } from '../process/bind-fault.ts'
import { SYSTEM_CLOCK, SYSTEM_MONOTONIC_CLOCK } from '../process/system-clock.ts'
import type { AdminListenerSettings } from '../../config/service/types.ts'

/** What the admin API serves. */
export type AdminListenerOptions = Pick<AdminDeps, 'log' | 'frontEnd' | 'store' | 'version'>

/** An admin API that is served. */
export interface AdminListenerHandle {
  readonly port: number
  /** What it shows its callers; undefined where it serves in the clear. */
  readonly identity: ServerIdentity | undefined
  close(): Promise<void>
}

/** Listens as the configuration says, or says what stands in the way. */
export async function openAdminListener(
  at: AdminListenerSettings,
  options: AdminListenerOptions,
): Promise<Result<AdminListenerHandle, readonly Fault[]>> {
  const identity = at.certificate === undefined ? undefined : serverIdentity(at.certificate)
  if (identity?.ok === false) return identity
  const app = await adminServer({
    ...options,
    clock: SYSTEM_CLOCK,
    monotonicClock: SYSTEM_MONOTONIC_CLOCK,
    networks: at.allow,
    tls: identity && {
      key: identity.value.keyPem,
      cert: identity.value.chainPem,
      clientCertificates: at.clientCertificates,
    },
  })
  try {
    await app.listen({ host: at.address, port: at.port })
  } catch (error) {
    await app.close()
    return fail([bindFault(error, at)])
  }
  const { port } = app.server.address() as AddressInfo
  return ok({ port, identity: identity?.value, close: () => app.close() })
}
