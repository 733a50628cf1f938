/** Refusals as the API shows them. */
import { Type, type Static } from 'typebox'
import { REFUSAL_OUTCOMES, type RefusedCertificate } from '../../../fleet/kept-refusal.ts'
import { isoText } from '../../../kernel/types.ts'
import type { StoredRefusal } from '../../../store/refusals/refusal-row.ts'
import { nullable, strictObject, stringEnum, time } from '../../schemas.ts'
import { nextCommand } from './next-command.ts'

const certificateShape = strictObject(
  {
    fingerprint: Type.String(),
    key: Type.String({ description: 'SHA-256 of the public key.' }),
    subject: Type.String(),
    issuer: Type.String({ description: 'Whom it names as its issuer, believed or not.' }),
    serial: Type.String(),
    not_before: time('Its first moment.'),
    not_after: time('Its last moment.'),
    setting: nullable(
      Type.String({ description: 'The enrollment setting of its path; null without a sound one.' }),
    ),
    issuer_key: nullable(Type.String()),
    signed_ids: Type.Array(Type.String()),
  },
  'What the certificate was that was shown; none of it was in what the device was told.',
)

export const refusalShape = strictObject({
  reference: Type.String({
    description:
      'What the device was told, or the name of its connection in the log where it was told nothing.',
  }),
  at: time('When.'),
  outcome: stringEnum(
    REFUSAL_OUTCOMES,
    '`failed`: the upstream, or the way to it. The last three are connections that were closed.',
  ),
  code: Type.String({ description: 'Stable; docs/refusals.md has them all.' }),
  reason: Type.String({ description: 'The sentence of the log.' }),
  next_step: nullable(Type.String()),
  command: nullable(Type.String({ description: 'The command that is of use next.' })),
  status: nullable(
    Type.Integer({ description: 'What the device saw; null for a closed connection.' }),
  ),
  listener: Type.String(),
  route: nullable(Type.String({ description: 'The row that matched.' })),
  route_class: nullable(Type.String()),
  method: nullable(Type.String()),
  path: nullable(Type.String({ description: 'Without its query.' })),
  address: Type.String(),
  device: nullable(Type.String({ description: 'The device that holds the key now.' })),
  known_device: Type.Boolean({
    description:
      'Whether it is of a device that is approved or blocked, or that a CA in force vouches for: those have a share of their own.',
  }),
  certificate: nullable(certificateShape),
  instance: Type.String({ description: 'The replica that refused; its log has the line.' }),
  snapshot: nullable(
    Type.Integer({ description: 'The version of what it was judged by, as in the log.' }),
  ),
})

export const shownRefusal = (it: StoredRefusal): Static<typeof refusalShape> => ({
  reference: it.reference,
  at: isoText(it.at),
  outcome: it.outcome,
  code: it.code,
  reason: it.sentence,
  next_step: it.nextStep ?? null,
  command: nextCommand(it) ?? null,
  status: it.status ?? null,
  listener: it.listener,
  route: it.route ?? null,
  route_class: it.routeClass ?? null,
  method: it.method ?? null,
  path: it.path ?? null,
  address: it.address,
  device: it.device ?? null,
  known_device: it.known,
  certificate: it.certificate === undefined ? null : shownCertificate(it.certificate),
  instance: it.instance,
  snapshot: it.snapshot ?? null,
})

const shownCertificate = (it: RefusedCertificate): Static<typeof certificateShape> => ({
  fingerprint: it.fingerprint,
  key: it.key,
  subject: it.subject,
  issuer: it.issuer,
  serial: it.serial,
  not_before: isoText(it.notBefore),
  not_after: isoText(it.notAfter),
  setting: it.setting ?? null,
  issuer_key: it.issuerKey ?? null,
  signed_ids: [...it.signedIds],
})
