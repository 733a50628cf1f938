/**
 * Things to try, each with the answer it gets. A test pastes every line and holds it to its word.
 */
import { join } from 'node:path'

/** One line to paste. */
export interface Example {
  readonly what: string
  readonly command: string
  /** The HTTP status that comes back; 0 when there is no answer. */
  readonly status: number
  /** What happens, in a few words. */
  readonly outcome: string
}

export interface ExampleGroup {
  readonly title: string
  readonly examples: readonly Example[]
}

/** Where the demonstration is, as seen from the shell that a command is pasted into. */
export interface ExampleContext {
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
export function examples(context: ExampleContext): readonly ExampleGroup[] {
  const denied = { kind: 'key', key: context.key }
  const exampleOf =
    <AnyCall>(curlOf: (call: AnyCall, context: ExampleContext) => string) =>
    (what: string, call: AnyCall, [status, outcome]: readonly [number, string]): Example => ({
      what,
      command: curlOf(call, context),
      status,
      outcome,
    })
  const [example, adminExample] = [exampleOf(curl), exampleOf(adminCurl)]
  return [
    {
      title: 'Check in (a route that asks for a fit certificate)',
      examples: [
        example('a device of the current CA', checkIn('current'), [
          200,
          'admitted; the MDM is told who it is',
        ]),
        example('a device of the previously trusted CA', checkIn('previous'), [
          200,
          'admitted; its CA retired after it was issued',
        ]),
        example('issued by that CA after it retired', checkIn('issued-late'), [
          403,
          'refused: issued-after-retirement',
        ]),
        example('expired nine days ago', checkIn('in-grace'), [403, 'refused: expired']),
        example('a CA that the front end does not know', checkIn('unknown-ca'), [
          403,
          'refused: untrusted-issuer',
        ]),
        example('no certificate at all', checkIn(), [403, 'refused: no-certificate']),
      ],
    },
    {
      title: 'Renew (the same, and an expired certificate still counts for 30 days)',
      examples: [
        example('expired nine days ago', renew('in-grace'), [
          200,
          'admitted in grace; the MDM is told FAILED:expired-grace',
        ]),
        example('expired sixty days ago', renew('beyond-grace'), [
          403,
          'refused: expired-beyond-grace',
        ]),
        example('expired, and signed by itself', renew('self-signed-expired'), [
          403,
          'refused: grace forgives age, nothing else',
        ]),
      ],
    },
    {
      title: 'Enrol (open: a new device has no certificate yet)',
      examples: [
        example('a new device', { path: '/enroll/profile' }, [
          200,
          'admitted; the MDM is told no identity',
        ]),
      ],
    },
    {
      title: 'What never gets through, with any certificate',
      examples: [
        example('a management path', { device: 'current', path: '/admin/users' }, [
          403,
          'refused: route-denied',
        ]),
        example(
          'a path that two servers may read in two ways',
          { device: 'current', path: '/mdm/..;/admin/users', more: '--path-as-is' },
          [400, 'refused before any route is asked'],
        ),
        example(
          'a forged identity field',
          { path: '/enroll/profile', more: '-H Client-Cert:forged' },
          [200, 'admitted, but the field is gone: no device was named'],
        ),
        example(
          'a host that is not ours',
          { ...checkIn('current'), more: '-H Host:other.example' },
          [421, 'refused: host-unknown'],
        ),
      ],
    },
    {
      title: 'Administer (within two seconds every process judges by it; live connections end)',
      examples: [
        adminExample('who asks without a token', { path: '/api/devices', anonymous: true }, [
          401,
          'answered with what to do',
        ]),
        adminExample('the devices', { path: '/api/devices' }, [
          200,
          'whom the store knows, about three seconds after they called',
        ]),
        adminExample(
          'a stolen key is denied',
          { path: '/api/deny-list', body: { denied, note: 'lost' } },
          [201, 'in force at once'],
        ),
        example('its device', checkIn('current'), [
          0,
          'its connection is closed: nothing is open to it',
        ]),
        adminExample(
          'the key is found again',
          { path: '/api/deny-list/remove', body: { denied } },
          [204, 'taken off the list'],
        ),
        example('its device once more', checkIn('current'), [
          200,
          'admitted; the MDM is told who it is',
        ]),
        adminExample('who was refused, and why', { path: '/api/refusals' }, [
          200,
          'each with the reference that the device shows',
        ]),
        adminExample('who did what', { path: '/api/audit' }, [
          200,
          'the audit trail, newest first',
        ]),
      ],
    },
  ]
}

interface Call {
  readonly device?: string | undefined
  readonly method?: string
  readonly path: string
  readonly more?: string
}

const checkIn = (device?: string): Call => ({ device, method: 'PUT', path: '/mdm/checkin' })
const renew = (device: string): Call => ({ device, method: 'POST', path: '/renew/identity' })

function curl({ device, method, path, more }: Call, { folder, port }: ExampleContext): string {
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

interface AdminCall {
  readonly path: string
  readonly body?: object
  readonly anonymous?: true
}

function adminCurl(
  { path, body, anonymous }: AdminCall,
  { folder, adminPort }: ExampleContext,
): string {
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
