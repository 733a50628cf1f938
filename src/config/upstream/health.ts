/** When the servers of an upstream count as ill. */
import type { UpstreamCheck, UpstreamHealth } from './types.ts'
import { parseHost } from '../reading/host.ts'
import { readSni } from './sni.ts'
import { millis } from '../reading/tls.ts'
import {
  type Desk,
  every,
  fault,
  type Maybe,
  missing,
  present,
  warn,
  whole,
} from '../reading/read-context.ts'
import type { Document } from '../schema.ts'
import type { Draft } from '../shape.ts'
import type { Path } from '../reading/yaml-text.ts'

type Written = Draft<Document['upstreams'][string]['health']>
type WrittenCheck = NonNullable<Written['check']>

/** Reads the group; `plain` is an upstream without TLS. */
export function readHealth(
  desk: Desk,
  path: Path,
  { written, plain }: { readonly written: Written; readonly plain: boolean },
): Maybe<UpstreamHealth> {
  const ejection = millis(written.ejection)
  const longest = millis(written.longestEjection)
  if (ejection !== missing && longest !== missing && longest < ejection) {
    const message = `found ${written.longestEjection}, shorter than the first time (${written.ejection}), wanted at least that: raise it, or lower ejection`
    fault(desk, [...path, 'longestEjection'], message)
  }
  return whole<UpstreamHealth>({
    failures: present(written.failures),
    ejection,
    longestEjection: longest,
    check:
      written.check === undefined
        ? undefined
        : readCheck(desk, [...path, 'check'], { written: written.check, plain }),
  })
}

function readCheck(
  desk: Desk,
  path: Path,
  { written, plain }: { readonly written: WrittenCheck; readonly plain: boolean },
): Maybe<UpstreamCheck> {
  const interval = millis(written.interval)
  const timeout = millis(written.timeout)
  if (interval !== missing && timeout !== missing && timeout > interval) {
    const message = `found ${written.timeout}, longer than the interval (${written.interval}), wanted at most that: shorten it`
    fault(desk, [...path, 'timeout'], message)
  }
  if (plain && desk.text.has([...path, 'sni'])) {
    const message =
      'found a server name for TLS on an http: upstream, where it has no effect: remove it'
    warn(desk, [...path, 'sni'], message)
  }
  return whole<UpstreamCheck>({
    interval,
    timeout,
    up: present(written.up),
    down: present(written.down),
    sni:
      written.sni === 'as-requests'
        ? { kind: 'as-requests' }
        : written.sni === undefined
          ? missing
          : readSni(desk, [...path, 'sni'], written.sni),
    http: readHttp(desk, path, written),
  })
}

function readHttp(desk: Desk, path: Path, written: WrittenCheck): Maybe<UpstreamCheck['http']> {
  if (written.path === undefined) {
    for (const key of ['method', 'host', 'expect']) {
      if (!desk.text.has([...path, key])) continue
      const message = `found ${key} without path, where it has no effect (only a connection is made): add a path`
      warn(desk, [...path, key], message)
    }
    return undefined
  }
  const host = written.host === undefined ? undefined : parseHost(written.host)
  return whole<NonNullable<UpstreamCheck['http']>>({
    method: present(written.method),
    path: written.path,
    host:
      host === undefined
        ? undefined
        : host.ok
          ? host.value
          : fault(desk, [...path, 'host'], host.failure),
    expect: every(written.expect, (text: string, index) => {
      const [from = 0, to = from] = text.split('-').map(Number)
      if (from <= to) return { from, to }
      const message = `found ${text}, wanted the smaller status first: turn it round`
      return fault(desk, [...path, 'expect', index], message)
    }),
  })
}
