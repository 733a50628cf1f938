/** When the servers of an upstream count as ill. */
import { Type } from 'typebox'
import {
  integer,
  defaultGroup,
  group,
  duration,
  singleLine,
  patternText,
  choice,
} from '../reading/schema-types.ts'
import type { CheckSettings, HealthSettings } from '../../forward/settings.ts'
import { readHost, readSni } from '../reading/host.ts'
import {
  allOrMissing,
  type Maybe,
  missing,
  type Place,
  readEach,
  type Written,
} from '../reading/place.ts'

const check = group(
  'Ask each server in the background whether it is well. Left out: no server is asked. Every worker asks for itself, from its own point of view; servers with `check: false` are left alone.',
  {
    interval: duration(
      'From the end of one check to the next, less a random tenth at most, so that workers and replicas spread.',
      ['1s', '1h'],
      '10s',
    ),
    timeout: duration(
      'For the connection, and again for the answer. At most the interval.',
      ['50ms', '1m'],
      '3s',
    ),
    down: integer('Checks failed in a row that put a server out.', [1, 100], 3),
    up: integer('Checks passed in a row that bring it back.', [1, 100], 2),
    sni: singleLine(
      'The server name that checks send: `as-requests`, `off`, `on` (the hostname), or a name. Whatever else is checked, checks verify the certificate as requests do.',
      'as-requests, off, on, or a host name',
      'as-requests',
    ),
    path: Type.Optional(
      patternText(
        'What to ask for. Left out: a connection, TLS included, is enough.',
        '^/[!-~]{0,1000}$',
        { wanted: 'a path such as /status' },
      ),
    ),
    method: choice('How to ask.', ['GET', 'HEAD', 'OPTIONS'], 'GET'),
    host: Type.Optional(
      singleLine('What the server reads in Host. Left out: its own host and port.', 'a host name'),
    ),
    expect: Type.Array(
      patternText('One status, or a range.', '^[2-5][0-9]{2}(?:-[2-5][0-9]{2})?$', {
        wanted: 'a status such as 200, or a range such as 200-399',
      }),
      {
        description: 'The statuses that are a pass.',
        default: ['200-399'],
        minItems: 1,
        maxItems: 20,
        wanted: 'a list of statuses',
      },
    ),
  },
)

/** When a server is avoided. */
export const health = defaultGroup(
  'When a server is avoided. The rule: a server that is out is avoided while another one is in; when none is in, all are tried as if they were, and the log says so. So the last server is never lost, and with a single one this only watches.',
  {
    failures: integer(
      'Connections and requests failed in a row that put a server out. A status is not a failure, whatever it is: it is what the application says to one device.',
      [1, 1000],
      5,
    ),
    ejection: duration(
      'How long a server that failed is out the first time. Then it is on probation: one more failure and it is out for twice as long as before, one answer and all is forgotten.',
      ['100ms', '1h'],
      '10s',
    ),
    longestEjection: duration('As long as it gets.', ['100ms', '1d'], '5m'),
    check: Type.Optional(check),
  },
)

/** Reads the group; `plain` is an upstream without TLS. */
export function readHealth(
  place: Place<Written<typeof health>>,
  plain: boolean,
): Maybe<HealthSettings> {
  const ejection = place.millis('ejection')
  const longestEjection = place.millis('longestEjection')
  if (ejection !== missing && longestEjection !== missing && longestEjection < ejection) {
    const message = `found ${place.written?.longestEjection}, shorter than the first time (${place.written?.ejection}), wanted at least that: raise it, or lower ejection`
    place.at('longestEjection').fault(message)
  }
  return allOrMissing<HealthSettings>({
    failures: place.required('failures'),
    ejection,
    longestEjection,
    check: place.at('check').optional((check) => readCheck(check, plain)),
  })
}

function readCheck(place: Place<Written<typeof check>>, plain: boolean): Maybe<CheckSettings> {
  const interval = place.millis('interval')
  const timeout = place.millis('timeout')
  if (interval !== missing && timeout !== missing && timeout > interval) {
    const message = `found ${place.written?.timeout}, longer than the interval (${place.written?.interval}), wanted at most that: shorten it`
    place.at('timeout').fault(message)
  }
  const sni = place.at('sni')
  if (plain && sni.isStated) {
    sni.warn('found a server name for TLS on an http: upstream, where it has no effect: remove it')
  }
  return allOrMissing<CheckSettings>({
    interval,
    timeout,
    up: place.required('up'),
    down: place.required('down'),
    sni: sni.written === 'as-requests' ? { kind: 'as-requests' } : readSni(sni),
    http: readHttp(place),
  })
}

function readHttp(place: Place<Written<typeof check>>): Maybe<CheckSettings['http']> {
  const path = place.written?.path
  if (path === undefined) {
    for (const key of ['method', 'host', 'expect'] as const) {
      if (!place.at(key).isStated) continue
      const message = `found ${key} without path, where it has no effect (only a connection is made): add a path`
      place.at(key).warn(message)
    }
    return undefined
  }
  return allOrMissing<NonNullable<CheckSettings['http']>>({
    method: place.required('method'),
    path,
    host: place.at('host').optional(readHost),
    expect: readEach(place.at('expect'), (text, range) => {
      const [from = 0, to = from] = text.split('-').map(Number)
      if (from <= to) return { from, to }
      return range.fault(`found ${text}, wanted the smaller status first: turn it round`)
    }),
  })
}
