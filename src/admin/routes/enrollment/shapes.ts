/**
 * Enrollment settings as the admin API shows them.
 */
import { Type, type Static } from 'typebox'
import { isoText } from '../../../kernel/types.ts'
import { heldWord, standingInForce, type FileTrust } from '../../../state/file-holds.ts'
import type { StoredSetting } from '../../../store/settings/enrollment-setting.ts'
import {
  CUT_OFFS,
  REVOCATION_FAILURES,
  SOURCES,
  STANDINGS,
} from '../../../store/schema/vocabulary.ts'
import { parseCertificate, type Certificate } from '../../../x509/certificate.ts'
import { keyText } from '../../../x509/key.ts'
import { printName } from '../../../x509/print-name.ts'
import { nullable, strictObject, time, stringEnum } from '../../schemas.ts'
import { timeOrNull } from '../../times.ts'

const certificate = strictObject({
  fingerprint: Type.String(),
  key: Type.String(),
  key_type: Type.String(),
  subject: Type.String(),
  issuer: Type.String(),
  serial: Type.String(),
  not_before: time('Its first moment.'),
  not_after: time('Its last moment.'),
})

/** An enrollment setting. */
export const settingShape = strictObject({
  name: Type.String(),
  source: stringEnum(SOURCES),
  standing: stringEnum(STANDINGS),
  retired_at: nullable(time('When another one became current.')),
  cut_off: nullable(stringEnum(CUT_OFFS)),
  sunset: nullable(time('From when on it admits no device.')),
  held_by_file: nullable(
    strictObject({
      standing: stringEnum(STANDINGS, 'The standing that is in force.'),
      sunset: nullable(time('The sunset that is in force.')),
      at: Type.String({ description: 'The place in the configuration file.' }),
    }),
  ),
  chain: Type.Array(certificate),
  revocation: stringEnum(
    [...REVOCATION_FAILURES, 'none', 'unstated'] as const,
    'What follows while revocation is unknown; `none` where it is not asked for.',
  ),
  version: Type.Integer(),
  created: time('When it was staged.'),
})

/** What an administrator is shown of a setting. */
export function shownSetting(it: StoredSetting, fileTrust: FileTrust): Static<typeof settingShape> {
  const { standing } = it
  const retired = standing.kind === 'previously-trusted' ? standing : undefined
  return {
    name: it.name,
    source: it.source,
    standing: standing.kind,
    retired_at: timeOrNull(retired?.retiredAt),
    cut_off: retired?.cutOff ?? null,
    sunset: timeOrNull(retired?.sunset),
    held_by_file: heldBy(it, fileTrust),
    chain: certificatesOf(it).map(shownChainCertificate),
    revocation: typeof it.revocation === 'string' ? it.revocation : it.revocation.failure,
    version: it.version,
    created: isoText(it.createdAt),
  }
}

/** What is in force in place of the store's word, where a stricter one of the file holds (decision 30). */
function heldBy(
  { name, standing }: StoredSetting,
  fileTrust: FileTrust,
): Static<typeof settingShape>['held_by_file'] {
  const held = heldWord(name, standing, fileTrust)
  if (held === undefined) return null
  const inForce = standingInForce(name, standing, fileTrust)
  const sunset = inForce.kind === 'previously-trusted' ? inForce.sunset : undefined
  return { standing: inForce.kind, sunset: timeOrNull(sunset), at: held.at }
}

/** The CA certificates that are in the store, whatever their standing. */
export const knownAnchors = (
  settings: readonly StoredSetting[],
): readonly { readonly certificate: Certificate; readonly setting: string }[] =>
  settings
    // A removed CA may come back under another name.
    .filter(({ standing }) => standing.kind !== 'removed')
    .flatMap((it) => certificatesOf(it).map((one) => ({ certificate: one, setting: it.name })))

/** What was stored was read before; what cannot be read any more is shown as not there. */
export const certificatesOf = ({ chain }: StoredSetting): readonly Certificate[] =>
  chain.flatMap((der) => {
    const parsed = parseCertificate(der)
    return parsed.ok ? [parsed.value] : []
  })

const shownChainCertificate = (it: Certificate): Static<typeof certificate> => ({
  fingerprint: it.fingerprint,
  key: it.publicKey.fingerprint,
  key_type: keyText(it.publicKey.algorithm),
  subject: printName(it.subject),
  issuer: printName(it.issuer),
  serial: it.serial,
  not_before: isoText(it.notBefore),
  not_after: isoText(it.notAfter),
})
