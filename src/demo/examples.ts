/**
 * Things to try, each with the answer it gets. A test pastes every line and holds it to its word.
 */
import { join } from 'node:path'

/** One line to paste. */
export interface Trial {
  readonly what: string
  readonly command: string
  /** The HTTP status that comes back; 0 when there is no answer. */
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
  readonly adminPort: number
  /** SHA-256 of the public key of `devices/current`. */
  readonly key: string
}

/** Where the administrator's token lies, in the demonstration's folder. */
export const TOKEN_FILE = 'admin.token'

/** Every device on every kind of route. */
export function trials(scene: Scene): readonly Chapter[] {
  const denied = { kind: 'key', key: scene.key }
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
    {
      title: 'Administer (within two seconds every process judges by it; live connections end)',
      trials: [
        office('who asks without a token', { path: '/api/devices', anonymous: true }, [
          401,
          'answered with what to do',
        ]),
        office('the devices', { path: '/api/devices' }, [200, 'a list of whom the store knows']),
        office(
          'a stolen key is denied',
          { path: '/api/deny-list', body: { denied, note: 'lost' } },
          [201, 'in force at once'],
        ),
        trial('its device', { device: 'current', ...CHECK_IN }, [
          0,
          'its connection is closed: nothing is open to it',
        ]),
        office('the key is found again', { path: '/api/deny-list/remove', body: { denied } }, [
          204,
          'taken off the list',
        ]),
        trial('its device once more', { device: 'current', ...CHECK_IN }, [
          200,
          'admitted; the MDM is told who it is',
        ]),
        office('who did what', { path: '/api/audit' }, [200, 'the audit trail, newest first']),
      ],
    },
  ]

  function office(
    what: string,
    call: OfficeCall,
    [status, because]: readonly [number, string],
  ): Trial {
    return { what, command: officeCurl(call, scene), status, because }
  }

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

interface OfficeCall {
  readonly path: string
  readonly body?: object
  readonly anonymous?: true
}

function officeCurl({ path, body, anonymous }: OfficeCall, { folder, adminPort }: Scene): string {
  const token = shellWord(join(folder, TOKEN_FILE))
  return [
    'curl -i',
    ...(anonymous === undefined ? [`-H "Authorization: Bearer $(cat ${token})"`] : []),
    ...(body === undefined
      ? []
      : [`-H Content-Type:application/json -d ${shellWord(JSON.stringify(body))}`]),
    shellWord(`http://127.0.0.1:${adminPort}${path}`),
  ].join(' ')
}

/** One word for a POSIX shell. */
export const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
