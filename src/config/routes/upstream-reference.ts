/** The names of upstreams, where a row, a table or a relay refers to one. */
import { correction, quoted } from '../reading/fault-text.ts'
import { fault, type ReadContext } from '../reading/read-context.ts'
import type { Path } from '../reading/yaml-text.ts'

/** Reports a name that no upstream has; while no upstream can be read, every name may be right. */
export function checkUpstream(
  { context, upstreams }: { readonly context: ReadContext; readonly upstreams: readonly string[] },
  path: Path,
  name: string,
): void {
  if (upstreams.length === 0 || upstreams.includes(name)) return
  const message = `found the upstream ${quoted(name)}, wanted one that is in upstreams: ${correction(name, upstreams)}`
  fault(context, path, message)
}
