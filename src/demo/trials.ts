/**
 * Things to try, each with the answer it gets. A test pastes every line and holds it to its word.
 */
import { join } from 'node:path'

/** One line to paste. */
export interface Trial {
  readonly what: string
  readonly command: string
  /** The HTTP status that comes back. */
  readonly status: number
  /** What happens, in a few words. */
  readonly because: string
}

export interface Chapter {
  readonly title: string
  readonly trials: readonly Trial[]
}

/** Where the demonstration is, as seen by whoever pastes. */
export interface Scene {
  /** Relative to the current folder, with a slash at the end unless empty. */
  readonly folder: string
  readonly port: number
}

/** Every device on every kind of route. */
export function trials(scene: Scene): readonly Chapter[] {
  return [
    {
      title: 'Check in (a route that asks for a fit certificate)',
      trials: [
        trial('a device of the current CA', { device: 'current', ...CHECK_IN }, [
          200,
          'admitted; the MDM is told who it is',
        ]),
        trial('a device of the previously trusted CA', { device: 'previous', ...CHECK_IN }, [
          200,
          'admitted; its CA retired after it was issued',
        ]),
        trial('issued by that CA after it retired', { device: 'issued-late', ...CHECK_IN }, [
          403,
          'refused: issued-after-retirement',
        ]),
        trial('expired nine days ago', { device: 'in-grace', ...CHECK_IN }, [
          403,
          'refused: expired',
        ]),
        trial('a CA that nobody here knows', { device: 'unknown-ca', ...CHECK_IN }, [
          403,
          'refused: untrusted-issuer',
        ]),
        trial('no certificate at all', { ...CHECK_IN }, [403, 'refused: no-certificate']),
      ],
    },
    {
      title: 'Renew (the same, and an expired certificate still counts for 30 days)',
      trials: [
        trial('expired nine days ago', { device: 'in-grace', ...RENEW }, [
          200,
          'admitted in grace; the MDM is told FAILED:expired-grace',
        ]),
        trial('expired sixty days ago', { device: 'beyond-grace', ...RENEW }, [
          403,
          'refused: expired-beyond-grace',
        ]),
        trial('expired, and signed by itself', { device: 'self-signed-expired', ...RENEW }, [
          403,
          'refused: grace forgives age, nothing else',
        ]),
      ],
    },
    {
      title: 'Enrol (open: a new device has no certificate yet)',
      trials: [
        trial('a new device', { path: '/enroll/profile' }, [
          200,
          'admitted; the MDM is told nobody',
        ]),
      ],
    },
    {
      title: 'What never gets through, whoever asks',
      trials: [
        trial('a management path', { device: 'current', path: '/admin/users' }, [
          403,
          'refused: route-denied',
        ]),
        trial(
          'a path that two servers may read in two ways',
          { device: 'current', path: '/mdm/..;/admin/users', more: '--path-as-is' },
          [400, 'refused before any route is asked'],
        ),
        trial(
          'a forged identity field',
          { path: '/enroll/profile', more: '-H Client-Cert:forged' },
          [200, 'admitted, but the field is gone: nobody was named'],
        ),
        trial(
          'a host that is not ours',
          { device: 'current', ...CHECK_IN, more: '-H Host:other.example' },
          [421, 'refused: host-unknown'],
        ),
      ],
    },
  ]

  function trial(what: string, call: Call, [status, because]: readonly [number, string]): Trial {
    return { what, command: curl(call, scene), status, because }
  }
}

interface Call {
  readonly device?: string
  readonly method?: string
  readonly path: string
  readonly more?: string
}

const CHECK_IN = { method: 'PUT', path: '/mdm/checkin' }
const RENEW = { method: 'POST', path: '/renew/identity' }

function curl({ device, method, path, more }: Call, { folder, port }: Scene): string {
  const file = (name: string): string => shellWord(join(folder, name))
  return [
    `curl -i --cacert ${file('ca.pem')}`,
    ...(device === undefined
      ? []
      : [`--cert ${file(`devices/${device}.pem`)} --key ${file(`devices/${device}.key`)}`]),
    ...(method === undefined ? [] : [`-X ${method}`]),
    ...(more === undefined ? [] : [more]),
    shellWord(`https://localhost:${port}${path}`),
  ].join(' ')
}

/** One word for a POSIX shell. */
export const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
