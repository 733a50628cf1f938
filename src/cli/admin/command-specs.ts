/**
 * The commands that call the admin API of a running front end, as `catalogue.ts` has the others.
 */
import type { CommandEntry, OptionEntry } from '../command-spec.ts'

const json: OptionEntry = { value: undefined, sentence: 'JSON for programs in place of text' }

/** How every one of them reaches the office. */
export const ENDPOINT_OPTIONS = {
  url: {
    value: 'URL',
    sentence: 'where the admin API is (TFE_ADMIN_URL; default: http://127.0.0.1:9465)',
  },
  'token-file': {
    value: 'FILE',
    sentence: 'a file with an API token that only you can read (default: TFE_ADMIN_TOKEN)',
  },
  ca: { value: 'FILE', sentence: 'the CA of the admin API, in PEM (default: those of the system)' },
  json,
} as const satisfies Readonly<Record<string, OptionEntry>>

/** The options that every action takes. */
export const ENDPOINT_OPTION_NAMES: readonly string[] = Object.keys(ENDPOINT_OPTIONS)

const ACTION = { name: 'ACTION', sentence: 'what to do, see Actions' }
const id = { name: 'ID', sentence: 'a device, as `tfe devices list` names it' }
const ids = { name: 'ID', sentence: 'one device or several', many: true } as const
const setting = { name: 'NAME', sentence: 'the name of an enrollment setting' }
const force: OptionEntry = { value: undefined, sentence: 'do it in spite of the devices it costs' }
const limit: OptionEntry = { value: 'COUNT', sentence: 'at most so many, to 1000 (default: 100)' }
const after: OptionEntry = { value: 'CURSOR', sentence: 'what follows the page before' }
const sunset: OptionEntry = {
  value: 'TIME',
  sentence: 'from when on the retired CA admits nobody (2026-11-22T00:00:00Z), or never',
}
const cutOff: OptionEntry = {
  value: 'RULE',
  sentence: 'what the retired CA issued too late: by its notBefore, or unless its key is known',
  among: ['not-before', 'known-devices'],
}
const confirm: OptionEntry = {
  value: undefined,
  sentence: 'do not ask (disable-legacy wants it twice)',
  repeat: true,
}

export const ADMIN_COMMANDS = {
  devices: {
    summary: 'list, show, approve and block devices',
    about:
      'Asks the admin API about devices, and decides about them. Approve takes unapproved devices with a valid certificate; the rest is left, and why is said. A block holds at once, on live connections too.',
    takes: [ACTION, { ...ids, optional: true }],
    actions: {
      list: {
        takes: [],
        sentence: 'those that meet every condition, last seen first',
        options: [
          'approval',
          'authentication',
          'migration',
          'class',
          'setting',
          'verdict',
          'code',
          'text',
          'limit',
          'after',
        ],
      },
      readiness: { takes: [], sentence: 'how many are in which state of the readiness chart' },
      show: { takes: [id], sentence: 'one with its certificates, keys and ids' },
      approve: { takes: [ids], sentence: 'Approve selected' },
      block: { takes: [ids], sentence: 'Block' },
      unblock: { takes: [ids], sentence: 'lift blocks; the devices are unapproved again' },
      withdraw: { takes: [ids], sentence: 'take approvals back without blocking' },
      forget: {
        takes: [id],
        sentence: 'so that it is new when it comes back; never a blocked one',
      },
    },
    options: {
      approval: {
        value: 'STATE',
        sentence: 'unapproved, approved or blocked',
        among: ['unapproved', 'approved', 'blocked'],
      },
      authentication: {
        value: 'STATE',
        sentence: 'succeeded, failed, no-info or must-upgrade',
        among: ['succeeded', 'failed', 'no-info', 'must-upgrade'],
      },
      migration: {
        value: 'STATUS',
        sentence: 'none, pending or success',
        among: ['none', 'pending', 'success'],
      },
      class: { value: 'CLASS', sentence: 'the kind of client, such as ios-maw' },
      setting: { value: 'NAME', sentence: 'the enrollment setting of the last sound certificate' },
      verdict: { value: 'VERDICT', sentence: 'admit or refuse', among: ['admit', 'refuse'] },
      code: { value: 'CODE', sentence: 'the code of the last verdict' },
      text: { value: 'WORDS', sentence: 'beginnings of ids, fingerprints, serials, names' },
      limit,
      after,
      ...ENDPOINT_OPTIONS,
    },
    examples: [
      'tfe devices list --approval unapproved --verdict admit',
      'tfe devices approve 0192f0c4 0192f0c5',
      'tfe devices list --text alice --json',
    ],
  },
  ca: {
    summary: 'manage the CA chains that certificates of devices come from',
    about:
      'An enrollment setting is uploaded, made current, retired, amended, removed or distrusted. `preview` says which devices would meet another verdict, by the rules that requests are judged by, and changes nothing. Distrust is for a stolen CA key, and ends live connections.',
    takes: [
      ACTION,
      { ...setting, optional: true },
      { name: 'MORE', sentence: 'a file or a change, see Actions', optional: true },
    ],
    actions: {
      list: { takes: [], sentence: 'all settings with their standing' },
      show: { takes: [setting], sentence: 'one with its chain, and how many devices depend on it' },
      upload: {
        takes: [setting, { name: 'FILE', sentence: 'the chain: PEM, PKCS#7 or DER' }],
        sentence: 'Upload CA Chain; staged, it admits nobody',
        options: ['source'],
      },
      preview: {
        takes: [setting, { name: 'CHANGE', sentence: 'promote, amend, remove or distrust' }],
        sentence: 'what promote, amend, remove or distrust would do to devices',
        options: ['cut-off', 'sunset', 'at'],
      },
      promote: { takes: [setting], sentence: 'make it current', options: ['cut-off', 'sunset'] },
      amend: { takes: [setting], sentence: 'change a retirement', options: ['cut-off', 'sunset'] },
      remove: { takes: [setting], sentence: 'end its life', options: ['force'] },
      distrust: { takes: [setting], sentence: 'distrust it now', options: ['confirm'] },
    },
    options: {
      source: {
        value: 'SOURCE',
        sentence: 'who issues: local, scep or other (default: other)',
        among: ['local', 'scep', 'other'],
      },
      'cut-off': cutOff,
      sunset,
      at: { value: 'TIME', sentence: 'judge as of this time (default: now)' },
      force,
      confirm,
      ...ENDPOINT_OPTIONS,
    },
    examples: [
      'tfe ca upload new-ca chain.pem --source scep',
      'tfe ca preview new-ca promote',
      'tfe ca promote new-ca --sunset 2027-06-01T00:00:00Z',
    ],
  },
  enforce: {
    summary: 'see whether certificates are required, and require them',
    about:
      '`require` prints what speaks against it, then asks for a phrase to be typed. It cannot be undone: only `tfe break-glass` on the machine itself can.',
    takes: [ACTION],
    actions: {
      status: { takes: [], sentence: 'the latch, its warnings, and who would be refused' },
      require: { takes: [], sentence: 'require certificates, for good', options: ['phrase'] },
    },
    options: {
      phrase: { value: 'TEXT', sentence: 'the phrase, where nobody can be asked' },
      ...ENDPOINT_OPTIONS,
    },
    examples: ['tfe enforce status', 'tfe enforce require'],
  },
  oauth: {
    summary: 'enable and disable the OAuth endpoints',
    about:
      'The new endpoint always asks for a certificate, the legacy one never does. Disabling the legacy one is confirmed twice: on a terminal by being asked, elsewhere by --confirm --confirm.',
    takes: [ACTION],
    actions: {
      status: { takes: [], sentence: 'both, and what keeps the new one greyed out' },
      'enable-new': { takes: [], sentence: 'enable the new endpoint' },
      'disable-new': { takes: [], sentence: 'disable it' },
      'enable-legacy': { takes: [], sentence: 'enable the legacy endpoint' },
      'disable-legacy': { takes: [], sentence: 'disable it', options: ['confirm'] },
    },
    options: { confirm, ...ENDPOINT_OPTIONS },
    examples: ['tfe oauth status', 'tfe oauth disable-legacy'],
  },
  port: {
    summary: 'close the legacy sync port once devices have migrated',
    about:
      'Closing is refused while devices are pending, were never met, or connections could not be told to be a known device. Forced, it closes all the same, and the audit trail says over what.',
    takes: [ACTION],
    actions: {
      status: { takes: [], sentence: 'open or closed, and what keeps it open' },
      close: { takes: [], sentence: 'close it', options: ['force'] },
      open: { takes: [], sentence: 'open it again' },
    },
    options: { force, ...ENDPOINT_OPTIONS },
    examples: ['tfe port status', 'tfe port close'],
  },
  audit: {
    summary: 'read who changed what, from where and when',
    about: 'Prints the audit trail, newest first. --json has what it was before and after.',
    takes: [],
    options: {
      who: { value: 'NAME', sentence: 'what this administrator did' },
      action: { value: 'ACTION', sentence: 'such as device.block or enrollment.promote' },
      subject: { value: 'TEXT', sentence: 'what was changed' },
      since: { value: 'TIME', sentence: 'at or after this (2026-11-22T00:00:00Z)' },
      until: { value: 'TIME', sentence: 'before this' },
      limit,
      after,
      ...ENDPOINT_OPTIONS,
    },
    examples: ['tfe audit --who alice --since 2026-11-01T00:00:00Z'],
  },
  deny: {
    summary: 'deny keys and certificates, whatever else holds',
    about:
      'Denies a public key, or one certificate by the key of its issuer and its serial; never by fingerprint, which can be altered. Holds at once, on live connections too.',
    takes: [
      ACTION,
      {
        name: 'WHOM',
        sentence: 'KEY, or ISSUERKEY:SERIAL; keys as SHA-256 in hexadecimal',
        optional: true,
      },
    ],
    actions: {
      list: { takes: [], sentence: 'the whole list' },
      add: {
        takes: [{ name: 'WHOM', sentence: 'whom to deny' }],
        sentence: 'deny',
        options: ['note'],
      },
      remove: {
        takes: [{ name: 'WHOM', sentence: 'whom to deny no longer' }],
        sentence: 'take off the list',
      },
    },
    options: { note: { value: 'TEXT', sentence: 'why; needed to add' }, ...ENDPOINT_OPTIONS },
    examples: ["tfe deny add KEY --note 'stolen laptop, ticket 4711'"],
  },
  token: {
    summary: 'make, list and revoke API tokens',
    about:
      'A token acts for the administrator who makes it, at most with their role, until it ends or is revoked. It is printed once.',
    takes: [
      ACTION,
      { name: 'WHICH', sentence: 'a label, or the id of a token, see Actions', optional: true },
    ],
    actions: {
      list: { takes: [], sentence: 'all tokens, without what they are' },
      create: {
        takes: [{ name: 'LABEL', sentence: 'what it is for' }],
        sentence: 'make one',
        options: ['role', 'days'],
      },
      revoke: { takes: [{ name: 'ID', sentence: 'the token' }], sentence: 'end one now' },
    },
    options: {
      role: {
        value: 'ROLE',
        sentence: 'less than your own',
        among: ['viewer', 'operator', 'administrator'],
      },
      days: { value: 'COUNT', sentence: 'how long it lasts (default: 30)' },
      ...ENDPOINT_OPTIONS,
    },
    examples: ['tfe token create nightly-report --role viewer --days 90'],
  },
  inventory: {
    summary: 'import the list of devices that should be there',
    about:
      'Reads CSV (columns id, name, class, agent, agent_version, pending) or, from a file that ends in .json, a list of the same. Everything is looked at first, in parts: any fault, each with its line, and nothing is imported. Doing it again changes nothing more.',
    takes: [ACTION, { name: 'FILE', sentence: 'the list' }],
    actions: {
      import: {
        takes: [{ name: 'FILE', sentence: 'the list' }],
        sentence: 'import it',
        options: ['check'],
      },
    },
    options: { check: { value: undefined, sentence: 'only look for faults' }, ...ENDPOINT_OPTIONS },
    examples: ['tfe inventory import devices.csv'],
  },
} as const satisfies Readonly<Record<string, CommandEntry>>

/** A command that calls the admin API. */
export type AdminCommand = keyof typeof ADMIN_COMMANDS
