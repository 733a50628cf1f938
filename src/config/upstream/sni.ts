/** The server name to send (RFC 6066 §3), as the operator wrote it. */
import type { ServerNameIndication } from '../../upstream-tls/verification.ts'
import { parseHost } from '../reading/host.ts'
import { type ReadContext, fault, type Maybe } from '../reading/read-context.ts'
import type { Path } from '../reading/yaml-text.ts'

/** Reads `off`, `on` or a name. */
export function readSni(
  context: ReadContext,
  path: Path,
  written: string,
): Maybe<ServerNameIndication> {
  if (written === 'on' || written === 'off') return { kind: written }
  const name = parseHost(written)
  if (!name.ok) return fault(context, path, name.failure)
  // RFC 6066 §3: literal addresses are not permitted in SNI.
  if (/^[0-9.]+$|:/.test(name.value)) {
    return fault(
      context,
      path,
      'found an IP address, wanted a host name, off or on: SNI cannot carry addresses',
    )
  }
  return { kind: 'name', name: name.value }
}
