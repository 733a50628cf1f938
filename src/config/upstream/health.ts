/** When the servers of an upstream count as ill. */
import type { UpstreamCheck, UpstreamHealth } from './types.ts'
import { parseHost } from '../reading/host.ts'
import { readSni } from './sni.ts'
import { millis } from '../reading/tls.ts'
import {
  type ReadContext,
  readEach,
  fault,
  type Maybe,
  missing,
  orMissing,
  warn,
  allOrMissing,
} from '../reading/read-context.ts'
import type { ConfigDocument } from '../schema.ts'
import type { DeepPartial } from '../shape.ts'
import type { Path } from '../reading/yaml-text.ts'

type Written = DeepPartial<ConfigDocument['upstreams'][string]['health']>
type WrittenCheck = NonNullable<Written['check']>

/** Reads the group; `plain` is an upstream without TLS. */
export function readHealth(
  context: ReadContext,
  path: Path,
  { written, plain }: { readonly written: Written; readonly plain: boolean },
): Maybe<UpstreamHealth> {
  const ejection = millis(written.ejection)
  const longest = millis(written.longestEjection)
  if (ejection !== missing && longest !== missing && longest < ejection) {
    const message = `found ${written.longestEjection}, shorter than the first time (${written.ejection}), wanted at least that: raise it, or lower ejection`
    fault(context, [...path, 'longestEjection'], message)
  }
  return allOrMissing<UpstreamHealth>({
    failures: orMissing(written.failures),
    ejection,
    longestEjection: longest,
    check:
      written.check === undefined
        ? undefined
        : readCheck(context, [...path, 'check'], { written: written.check, plain }),
  })
}

function readCheck(
  context: ReadContext,
  path: Path,
  { written, plain }: { readonly written: WrittenCheck; readonly plain: boolean },
): Maybe<UpstreamCheck> {
  const interval = millis(written.interval)
  const timeout = millis(written.timeout)
  if (interval !== missing && timeout !== missing && timeout > interval) {
    const message = `found ${written.timeout}, longer than the interval (${written.interval}), wanted at most that: shorten it`
    fault(context, [...path, 'timeout'], message)
  }
  if (plain && context.text.has([...path, 'sni'])) {
    const message =
      'found a server name for TLS on an http: upstream, where it has no effect: remove it'
    warn(context, [...path, 'sni'], message)
  }
  return allOrMissing<UpstreamCheck>({
    interval,
    timeout,
    up: orMissing(written.up),
    down: orMissing(written.down),
    sni:
      written.sni === 'as-requests'
        ? { kind: 'as-requests' }
        : written.sni === undefined
          ? missing
          : readSni(context, [...path, 'sni'], written.sni),
    http: readHttp(context, path, written),
  })
}

function readHttp(
  context: ReadContext,
  path: Path,
  written: WrittenCheck,
): Maybe<UpstreamCheck['http']> {
  if (written.path === undefined) {
    for (const key of ['method', 'host', 'expect']) {
      if (!context.text.has([...path, key])) continue
      const message = `found ${key} without path, where it has no effect (only a connection is made): add a path`
      warn(context, [...path, key], message)
    }
    return undefined
  }
  const host = written.host === undefined ? undefined : parseHost(written.host)
  return allOrMissing<NonNullable<UpstreamCheck['http']>>({
    method: orMissing(written.method),
    path: written.path,
    host:
      host === undefined
        ? undefined
        : host.ok
          ? host.value
          : fault(context, [...path, 'host'], host.failure),
    expect: readEach(written.expect, (text: string, index) => {
      const [from = 0, to = from] = text.split('-').map(Number)
      if (from <= to) return { from, to }
      const message = `found ${text}, wanted the smaller status first: turn it round`
      return fault(context, [...path, 'expect', index], message)
    }),
  })
}
