/**
 * The admin API's listener: its own port, its own certificate, its own end.
 */
import type { AddressInfo } from 'node:net'
import { createSecureContext, Server as TlsServer } from 'node:tls'
import { adminServer, adminTls } from '../../admin/server.ts'
import {
  serverIdentity,
  type IdentitySource,
  type ServerIdentity,
} from '../../handshake/server-identity.ts'
import { errorCode } from '../../kernel/error-code.ts'
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
  /** Reads another certificate; what it answers shows that to callers from then on. */
  renewal(source: IdentitySource | undefined): Result<() => void, readonly Fault[]>
  close(): Promise<void>
}

/** Listens as the configuration says, or says what stands in the way. */
export async function openAdminListener(
  at: AdminListenerSettings,
  options: AdminListenerOptions,
): Promise<Result<AdminListenerHandle, readonly Fault[]>> {
  const read = readIdentity(at.certificate)
  if (!read.ok) return read
  let identity = read.value
  const app = await adminServer({
    ...options,
    clock: SYSTEM_CLOCK,
    monotonicClock: SYSTEM_MONOTONIC_CLOCK,
    networks: at.allow,
    tls: identity && { ...pems(identity), clientCertificates: at.clientCertificates },
  })
  try {
    await app.listen({ host: at.address, port: at.port })
  } catch (error) {
    await app.close()
    return fail([bindFault(error, at)])
  }
  const { port } = app.server.address() as AddressInfo
  return ok({
    port,
    get identity() {
      return identity
    },
    renewal(source) {
      const next = readIdentity(source)
      if (!next.ok) return next
      return ok(() => {
        identity = next.value
        if (identity === undefined || !(app.server instanceof TlsServer)) return
        app.server.setSecureContext(adminTls(pems(identity)))
      })
    },
    close: () => app.close(),
  })
}

/** An identity that the TLS library takes, too: it refuses keys that are too short, for one. */
function readIdentity(
  source: IdentitySource | undefined,
): Result<ServerIdentity | undefined, readonly Fault[]> {
  if (source === undefined) return ok(undefined)
  const identity = serverIdentity(source)
  if (!identity.ok) return identity
  try {
    createSecureContext(adminTls(pems(identity.value)))
    return identity
  } catch (error) {
    const message = `found a certificate or key that the TLS library refuses (${errorCode(error)}), wanted one that it serves: issue it anew`
    return fail([{ at: identity.value.at, message }])
  }
}

const pems = ({ keyPem, chainPem }: ServerIdentity) => ({ key: keyPem, cert: chainPem })
