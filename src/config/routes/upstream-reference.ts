/** The names of upstreams, where a row, a table or a relay refers to one. */
import { correction, quoted } from '../reading/fault-text.ts'
import type { Place } from '../reading/place.ts'

/** Reports a name that no upstream has; while no upstream can be read, every name may be right. */
export function checkUpstream(place: Place<string>, upstreams: readonly string[]): void {
  const { written: name } = place
  if (name === undefined || upstreams.length === 0 || upstreams.includes(name)) return
  const message = `found the upstream ${quoted(name)}, wanted one that is in upstreams: ${correction(name, upstreams)}`
  place.fault(message)
}
