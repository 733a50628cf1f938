/** What a row is besides its class: an endpoint that can be disabled, and where its clients name themselves. */
import type { RouteClass } from '../../decide/policy.ts'
import { type ReadContext, fault, type Maybe } from '../reading/read-context.ts'
import type { Path } from '../reading/yaml-text.ts'
import type { RouteRow } from './types.ts'

/** Which endpoint a row is; the new OAuth endpoint asks for a certificate in every mode (S0-27, decision 6). */
export function readEndpoint(
  context: ReadContext,
  { path, id, kind }: { readonly path: Path; readonly id: string; readonly kind: RouteClass },
  written: RouteRow['endpoint'],
): Maybe<RouteRow['endpoint']> {
  if (written === undefined || kind === 'always') return written
  // Refused to everybody, whatever the store says.
  if (kind === 'denied') return undefined
  const message = `found the new OAuth endpoint in the row ${id} of class ${kind}, wanted class always: it asks for a certificate in every mode: correct the class, or remove endpoint`
  return fault(context, [...path, 'endpoint'], message, 'key')
}

/** `query:clientid` → where to look; the shape was checked. */
export function readReports(written: string | undefined): RouteRow['reports'] {
  if (written === undefined) return undefined
  const colon = written.indexOf(':')
  const kind = written.slice(0, colon) === 'query' ? 'query' : 'field'
  return { kind, name: written.slice(colon + 1) }
}
