/**
 * Every command with its arguments and options: the one source of what is understood, of what `--help` says
 * and of what is suggested to whoever mistypes.
 */
import { FORMATS } from './headers/formats.ts'
import { ADMIN_COMMANDS, ENDPOINT_OPTIONS } from './admin/command-specs.ts'
import type { OptionEntry, CommandEntry } from './command-spec.ts'

const config: OptionEntry = {
  value: 'FILE',
  sentence: 'the configuration file; config/ holds complete examples',
  needed: true,
}

const json: OptionEntry = { value: undefined, sentence: 'JSON for programs in place of text' }

/** Whether a method is needed for a route: `explain` asks the route table as a request would. */
const METHODS = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT'] as const

export const CATALOGUE = {
  serve: {
    summary: 'serve devices as a configuration says',
    about:
      'Runs the front end until SIGTERM or SIGINT, which let requests under way finish. The store that the configuration names must be there: `tfe init` makes it. SIGHUP reads the configuration again: all of it or, if anything is wrong, nothing. Writes one JSON line per event to standard output.',
    takes: [],
    options: { config },
    examples: ['tfe serve --config /etc/tfe/epmm.yaml'],
  },
  init: {
    summary: 'create the store of a configuration, once',
    about:
      'Makes the store that the configuration names, and its key ring when that is a file that is not there. The enrollment settings of the configuration go into it; from then on they are changed there. A new store requires certificates, or begins by recording with profile core-10. A store that is there is never touched. With --from it begins with what an export of another store holds (`GET /api/export`): devices, decisions, CAs, administrators and the latch; bring the key ring first, with `tfe keys import`.',
    takes: [],
    options: {
      config,
      from: { value: 'EXPORT', sentence: 'begin with what this export holds' },
    },
    examples: [
      'tfe init --config /etc/tfe/epmm.yaml',
      'tfe init --config /etc/tfe/epmm.yaml --from old-store.jsonl',
    ],
  },
  keys: {
    summary: 'make, take along and bring the keys that seal secrets in the store',
    about:
      'The key ring lies in the file that store.keys names, apart from the store. A bundle for another instance is sealed under a passphrase, which is read from standard input. A program that serves reads the ring when it starts.',
    takes: [{ name: 'ACTION', sentence: 'one of those below' }],
    actions: {
      list: { takes: [], sentence: 'which keys are in the ring' },
      new: { takes: [], sentence: 'add a key that is newer than all' },
      export: {
        takes: [{ name: 'BUNDLE', sentence: 'a new file' }],
        sentence: 'write the keys to a file for another instance',
      },
      import: {
        takes: [{ name: 'BUNDLE', sentence: 'what `tfe keys export` wrote' }],
        sentence: 'add the keys of another instance to the ring',
      },
    },
    options: { config },
    examples: [
      'tfe keys export ring.bundle --config epmm.yaml < passphrase',
      'tfe keys import ring.bundle --config epmm.yaml < passphrase',
    ],
  },
  admin: {
    summary: 'make an administrator, from this machine',
    about:
      '`create` makes an administrator of the admin API: with a password, read from standard input, or with a token for 30 days in a new file that only you can read. There is no page for a first administrator: whoever can do this could change the store anyway. A token can also be made for an administrator who is there already.',
    takes: [
      { name: 'ACTION', sentence: 'create' },
      { name: 'NAME', sentence: 'how the administrator signs in, and is named in the audit trail' },
    ],
    options: {
      config,
      role: {
        value: 'ROLE',
        sentence: 'what they may do: look, decide about devices, or everything',
        needed: true,
        among: ['viewer', 'operator', 'administrator'],
      },
      'token-file': {
        value: 'FILE',
        sentence: 'write a new token there (default: read a password from standard input)',
      },
    },
    examples: [
      'tfe admin create alice --role administrator --config epmm.yaml < password',
      'tfe admin create script --role viewer --token-file token --config epmm.yaml',
    ],
  },
  'break-glass': {
    summary: 'stop requiring certificates, although that cannot be undone',
    about:
      'Undoes the latch of a store while nothing serves from it: devices without a fit certificate are written down and admitted again. For the day on which everybody is locked out. Blocked, revoked and distrusted certificates stay refused. The audit trail keeps who did it, when and why.',
    takes: [],
    options: {
      config,
      reason: { value: 'TEXT', sentence: 'why, for the audit trail', needed: true },
    },
    examples: ["tfe break-glass --config epmm.yaml --reason 'CA renewal went wrong, ticket 4711'"],
  },
  check: {
    summary: 'say what a configuration would do, or everything that is wrong with it',
    about:
      'Reads a configuration and every file it names, without binding a port. Lists all faults at once, each with file, line and column, what was found, what was wanted and what to do. Without faults it says in words what would be served, to whom, and what is dangerous about it.',
    takes: [{ name: 'FILE', sentence: 'the configuration file' }],
    options: {},
    examples: ['tfe check config/demo.yaml'],
  },
  explain: {
    summary: 'say step by step why a certificate would be admitted or refused',
    about:
      'Judges a certificate as the running front end would: the same path building, the same route table, the same verdict. Shows each certificate, each check, the CA it almost matched, what the upstream would be told, and what to do.',
    takes: [
      {
        name: 'CERT.pem',
        sentence: 'what the device presents: its certificate, then any intermediates (PEM or DER)',
      },
    ],
    options: {
      config,
      at: { value: 'TIME', sentence: 'judge as of this time (2026-11-22 or 2026-11-22T10:00:00Z)' },
      route: {
        value: 'PATH',
        sentence: 'judge on the route this path meets (default: every class)',
      },
      method: {
        value: 'METHOD',
        sentence: 'the method of that request (default: GET)',
        among: METHODS,
      },
      listener: {
        value: 'NAME',
        sentence: 'the listener whose routes are asked (default: the first)',
      },
      'user-agent': {
        value: 'TEXT',
        sentence: 'what the client says of itself, where `withoutGrace` looks at it',
      },
      from: {
        value: 'ADDRESS',
        sentence: 'the address it calls from, where a row is open to some networks only',
      },
      json,
    },
    examples: [
      'tfe explain device.pem --config config/demo.yaml --route /mdm/checkin',
      'tfe explain device.pem --config config/demo.yaml --at 2027-01-31',
    ],
  },
  headers: {
    summary: 'print the fields in which an upstream would read a certificate',
    about:
      'Prints the field lines exactly as they would be sent, one per line, for trying a format against a server before any device does. Nothing is judged.',
    takes: [
      {
        name: 'CERT.pem',
        sentence: 'the certificate, then any intermediates (PEM or DER)',
        unless: 'list',
      },
    ],
    options: {
      format: {
        value: 'FORMAT',
        sentence: `one of ${FORMATS.map(({ name }) => name).join(', ')}`,
        among: FORMATS.map(({ name }) => name),
      },
      config: {
        value: 'FILE',
        sentence: 'take format and field names from an upstream of this configuration',
      },
      upstream: {
        value: 'NAME',
        sentence: 'that upstream (default: the first that is told anything)',
      },
      verify: {
        value: 'VERDICT',
        sentence:
          'the verdict to write: success (default), in-grace, or none for a device not named',
        among: ['success', 'in-grace', 'none'],
      },
      chain: { value: undefined, sentence: 'send the intermediates too, where the format can' },
      list: { value: undefined, sentence: 'list the formats and who reads them' },
    },
    examples: ['tfe headers device.pem --format nginx', 'tfe headers --list'],
  },
  upstream: {
    summary: 'what concerns the way to the upstreams: test, scan, catalogue, errors',
    about:
      '`test` connects to each server of an upstream as the configuration file has it (what is drafted or applied in a store is tested over the admin API, `POST /api/upstreams/NAME/test`) and shows what was agreed on, the certificates with their validity and pins, and whether hostname, trust and pins hold, or the exact error and its remedy; it sends no request. `scan` finds out which protocols, cipher suites and key exchange groups each server accepts, with SNI and without, by handshakes alone: at most four at a time and 200 altogether. `catalogue` prints, per upstream, the protocols, cipher suites and key exchange groups that are Selected and Available, in the spelling of OpenSSL and in that of IANA and Java; which are the default of its preset, which are weak and why, and what is impossible with this runtime. Keys and chains that the configuration names need not be there. Without a configuration it shows both presets. `errors` asks the admin API of a running front end what went wrong with its upstreams since it started: each fault once per server, with its text, its remedy and the certificates that were shown, connections that were allowed all the same included.',
    takes: [
      { name: 'ACTION', sentence: 'test, scan, catalogue or errors' },
      {
        name: 'NAME',
        sentence: 'the upstream; catalogue and errors show all without one',
        optional: true,
      },
    ],
    options: {
      config: { value: 'FILE', sentence: 'the configuration whose upstreams are meant' },
      upstream: { value: 'NAME', sentence: 'the same as NAME' },
      server: {
        value: 'HOST:PORT',
        sentence: 'that server of the upstream alone (test, scan, errors)',
      },
      clear: { value: undefined, sentence: 'take the errors that are printed off the list' },
      ...ENDPOINT_OPTIONS,
    },
    examples: [
      'tfe upstream test core --config config/epmm.yaml',
      'tfe upstream scan core --config config/epmm.yaml --json',
      'tfe upstream catalogue',
      'tfe upstream errors core --clear',
      'tfe upstream catalogue --config config/epmm.yaml --upstream core',
    ],
  },
  ...ADMIN_COMMANDS,
  demo: {
    summary: 'bring up a complete demonstration on this machine',
    about:
      'Makes certificates, starts an MDM server that shows what it is told, and the front end before it, all on the loopback; then prints what to try. Ctrl-C ends it; a second start reuses what is there.',
    takes: [],
    options: {
      dir: {
        value: 'FOLDER',
        sentence: 'where certificates and keys are kept (default: demo-data)',
      },
      port: { value: 'PORT', sentence: 'the port that devices call (default: 8443)' },
      'upstream-port': { value: 'PORT', sentence: 'the port of the demo MDM (default: 9443)' },
      'metrics-port': {
        value: 'PORT',
        sentence: 'the port of metrics and readiness (default: 9464)',
      },
      'admin-port': { value: 'PORT', sentence: 'the port of the admin API (default: 9465)' },
      json: { value: undefined, sentence: 'the JSON lines of the front end in place of text' },
    },
    examples: ['npm start', 'tfe demo --port 10443'],
  },
  help: {
    summary: 'explain a command',
    about: 'Prints the help page of a command, or the overview.',
    takes: [],
    options: {},
    examples: ['tfe help explain'],
  },
} as const satisfies Readonly<Record<string, CommandEntry>>

export type CommandName = keyof typeof CATALOGUE
