/** What `tfe upgrade --dry-run --json` foretold, held against what devices met before and after the upgrade. */
import { X509Certificate } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { ROWS, type RowName } from '../fixtures/landed-store/configuration.ts'
import type { FleetCertificate } from '../fixtures/landed-store/mint-fleet.ts'
import { ORIGIN_NAMES, ROW_NAMES, type Met } from './ask.ts'

export interface Touched {
  readonly kind: string
  readonly name: string
  readonly label: string | null
  readonly before: string
  readonly after: string
}

export interface Foretold {
  readonly outcome: string
  readonly schema: { readonly found: number; readonly known: number }
  readonly changes: readonly {
    readonly code: string
    readonly sentence: string
    readonly next_step: string
    readonly needs_decision: boolean
    readonly touched: readonly Touched[]
  }[]
}

/** One verdict that is another now. */
export interface Difference {
  readonly certificate: string
  readonly origin: string
  readonly row: RowName
  readonly was: string
  readonly is: string
}

/** By which names a certificate can be spoken of. */
export interface Names {
  /** The device that its key belongs to in the store as it was. */
  readonly device: string | undefined
  readonly ids: readonly string[]
  readonly setting: string
}

/** The names of every certificate, by its own. */
export function namesIn(
  storePath: string,
  certificates: readonly FleetCertificate[],
): ReadonlyMap<string, Names> {
  const database = new DatabaseSync(storePath, { readOnly: true })
  const rows = database
    .prepare(
      'select certificates.fingerprint, device_keys.device from certificates join device_keys on device_keys.key = certificates.key',
    )
    .all()
  database.close()
  const devices = new Map(rows.map(({ fingerprint, device }) => [fingerprint, String(device)]))
  return new Map(
    certificates.map(({ name, chain }) => {
      const leaf = new X509Certificate(chain)
      const fingerprint = leaf.fingerprint256.replaceAll(':', '').toLowerCase()
      const ids = [...(leaf.subjectAltName ?? '').matchAll(/URI:([^,]+)/gu)].map(
        ([, id = '']) => id,
      )
      const setting = leaf.issuer.replace(/^CN=/u, '')
      return [name, { device: devices.get(fingerprint), ids, setting }]
    }),
  )
}

/** Every verdict that differs. */
export function differencesBetween(
  then: Readonly<Record<string, Met>>,
  now: ReadonlyMap<string, Met>,
): readonly Difference[] {
  return [...now].flatMap(([certificate, met]) =>
    ORIGIN_NAMES.flatMap((origin) =>
      ROW_NAMES.flatMap((row) => {
        const was = then[certificate]?.[origin][row] ?? 'nothing was asked'
        const is = met[origin][row] ?? 'nothing was asked'
        return was === is ? [] : [{ certificate, origin, row, was, is }]
      }),
    ),
  )
}

/** Whether something that was foretold speaks of this certificate or row, and of the code of the new verdict. */
export function speaksOf(
  touched: Touched,
  { row, is }: Difference,
  names: Names | undefined,
): boolean {
  const [, code = ''] = is.split(' ')
  const words = `${touched.before} ${touched.after}`
  return words.includes(code) && isAbout(touched, row, names)
}

function isAbout({ kind, name, before }: Touched, row: RowName, names: Names | undefined): boolean {
  switch (kind) {
    case 'device':
      // A block speaks of all certificates with the ids that are told with it.
      return (
        names !== undefined &&
        (names.device === name || before.split(' ').some((word) => names.ids.includes(word)))
      )
    case 'enrollment-setting':
      return names?.setting === name
    case 'route':
      return name === `devices: ${ROW_IDS[row]}`
    default:
      return false
  }
}

/** The ids of the rows in the configuration, which the list of changes has. */
const ROW_IDS: Readonly<Record<RowName, string>> = {
  open: 'enroll',
  renewal: 'renew',
  device: 'check-in',
  always: 'windows',
  sensitive: 'documents',
  'sensitive renewal': 'renew-documents',
  oauth: 'token',
  files: 'files',
  legacy: 'legacy',
  preset: 'apps-data',
}

/** As short as a fault can be read: the certificates of one group that met the same. */
export function inGroups(differences: readonly Difference[]): readonly string[] {
  const counts = new Map<string, number>()
  for (const { certificate, origin, row, was, is } of differences) {
    const group = certificate.replace(/-\d+$/u, '')
    const text = `${group} ${origin}, ${ROWS[row]}: ${was} -> ${is}`
    counts.set(text, (counts.get(text) ?? 0) + 1)
  }
  return [...counts].map(([text, count]) => `${count} of ${text}`)
}
