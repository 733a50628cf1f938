/** How a preview is told over the admin API. */
import { Type, type Static } from 'typebox'
import { nullable, strictObject } from '../schemas.ts'
import type { AlteredVerdict } from '../../state/preview/preview.ts'
import type { FleetPreview } from './fleet-preview.ts'

const code = (when: string) =>
  Type.String({
    description: `The code of the verdict ${when}; in recording that of the refusal that is only written down.`,
  })
const verdict = {
  rows: Type.Array(Type.String(), {
    description: 'As `table/row`, with the place where it matters.',
  }),
  from: code('before'),
  to: code('after'),
  admitted: Type.Boolean({ description: 'Whether it is admitted before.' }),
  stays_admitted: Type.Boolean({ description: 'Whether it is admitted after.' }),
}

export const previewShape = strictObject({
  judged: Type.Integer({ description: 'Devices of which a certificate is kept.' }),
  complete: Type.Boolean({ description: 'False when there are more devices than are judged.' }),
  refused: Type.Integer({
    description: 'Devices that are refused on a row where they are admitted now.',
  }),
  unnamed: Type.Integer({
    description:
      'Devices that are named to an upstream now, and go on unnamed while certificates are recorded.',
  }),
  changes: Type.Array(
    strictObject({
      setting: nullable(Type.String({ description: 'Null for devices that no CA vouches for.' })),
      ...verdict,
      devices: Type.Integer(),
    }),
    { description: 'Only what changes.' },
  ),
  items: Type.Array(strictObject({ device: Type.String(), subject: Type.String(), ...verdict }), {
    description: 'The first hundred of these devices, with each verdict that changes.',
  }),
  unknown: Type.Array(strictObject({ class: Type.String(), ...verdict }), {
    description: 'Classes of devices that were never met.',
  }),
  not_asked: Type.Array(Type.String(), {
    description: 'What verdicts depend on besides, and what is kept of certificates cannot answer.',
  }),
})

/** Preview → answer. */
export function shownPreview(preview: FleetPreview): Static<typeof previewShape> {
  const { judged, complete, cutOff, unnamed, groups, devices, classes, notAsked } = preview
  return {
    judged,
    complete,
    refused: [...cutOff.values()].reduce((sum, count) => sum + count, 0),
    unnamed,
    changes: groups.map(({ setting, count, ...it }) => ({
      setting: setting ?? null,
      ...shown(it),
      devices: count,
    })),
    items: devices.flatMap(({ id, subject, verdicts }) =>
      verdicts.map((it) => ({ device: id, subject, ...shown(it) })),
    ),
    unknown: classes.flatMap(({ label, verdicts }) =>
      verdicts.map((it) => ({ class: label, ...shown(it) })),
    ),
    not_asked: [...notAsked],
  }
}

const shown = ({ rows, before, after }: AlteredVerdict) => ({
  rows: [...rows],
  from: before.code,
  to: after.code,
  admitted: before.admitted,
  stays_admitted: after.admitted,
})
