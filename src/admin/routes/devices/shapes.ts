/**
 * Devices as the admin API shows and filters them.
 */
import { Type, type Static } from 'typebox'
import { isoText, type Instant } from '../../../kernel/types.ts'
import type { SilentDevice } from '../../../store/callers/silent-devices.ts'
import { departingBy } from '../../../store/devices/departing-devices.ts'
import type { DeviceFilter } from '../../../store/devices/device-filter.ts'
import type { Device, DeviceCertificate } from '../../../store/devices/device.ts'
import {
  APPROVALS,
  AUTHENTICATIONS,
  MIGRATIONS,
  VERDICTS,
} from '../../../store/schema/vocabulary.ts'
import { CLIENT_CLASSES, parseVersion } from '../../../fleet/client.ts'
import {
  readinessOf,
  type Assessment,
  type MinimumVersions,
  type LastVerdict,
} from '../../../fleet/readiness.ts'
import { DEPARTURES } from '../../../fleet/departure.ts'
import {
  departureShape,
  expectationShape,
  shownExpectation,
  type DocumentsView,
} from './expectation.ts'
import { nullable, strictObject, text, time, stringEnum } from '../../schemas.ts'
import { instantOf, timeOrNull } from '../../times.ts'

/** The four states of the readiness chart. */
export const AUTHENTICATION_STATES = [...AUTHENTICATIONS, 'must-upgrade'] as const

const booleanText = stringEnum(['true', 'false'] as const)

/** What a list of devices can be narrowed to; the same for saved queries. */
export const filterProperties = {
  approval: Type.Optional(stringEnum(APPROVALS)),
  awaiting: Type.Optional(booleanText),
  authentication: Type.Optional(stringEnum(AUTHENTICATION_STATES)),
  migration: Type.Optional(stringEnum(MIGRATIONS, 'Client Migration Status.')),
  class: Type.Optional(stringEnum(CLIENT_CLASSES)),
  departure: Type.Optional(
    stringEnum(DEPARTURES, "How it departs from what the server's documents say of its class."),
  ),
  listener: Type.Optional(text(200)),
  setting: Type.Optional(
    text(200, 'Of its last sound certificate that was not refused for what it or its CA is.'),
  ),
  verdict: Type.Optional(stringEnum(VERDICTS)),
  code: Type.Optional(
    text(
      100,
      'The basis of the last admission, or the code of the last refusal; of a device that was never seen, no-certificate where a client that said to be it came without one.',
    ),
  ),
  seen_since: Type.Optional(time('Seen at or after this.')),
  not_seen_since: Type.Optional(time('Not seen at or after this.')),
  in_inventory: Type.Optional(booleanText),
  silent: Type.Optional(
    stringEnum(
      ['true', 'false'] as const,
      'Whether it is marked as a known host that may stay in "No authentication info".',
    ),
  ),
  valid_at: Type.Optional(time('Its last sound certificate ends at or after this.')),
  text: Type.Optional(
    text(200, 'Beginnings of words: a signed id, a fingerprint, a serial, a name in the subject.'),
  ),
  id: Type.Optional(text(200, 'The beginning of its id in this store.')),
}

export const filterShape = strictObject(filterProperties)

/** A filter as it is sent → as the store takes it. */
export function filterOf(
  { departure, ...asked }: Static<typeof filterShape>,
  frontEnd: DocumentsView,
): DeviceFilter {
  const { seen_since, not_seen_since, valid_at, in_inventory, silent, awaiting, ...same } = asked
  return {
    ...same,
    departing:
      departure === undefined
        ? undefined
        : departingBy(departure, frontEnd.installation(), frontEnd.syncListener()),
    awaiting: booleanOf(awaiting),
    inInventory: booleanOf(in_inventory),
    silent: booleanOf(silent),
    seenSince: instantOf(seen_since),
    notSeenSince: instantOf(not_seen_since),
    validAt: instantOf(valid_at),
  }
}

const booleanOf = (word: 'true' | 'false' | undefined): boolean | undefined =>
  word === undefined ? undefined : word === 'true'

const unknownTime = nullable(time('Null when it never happened.'))

/** A device. */
export const deviceShape = strictObject({
  id: Type.String(),
  inventory: nullable(strictObject({ id: Type.String(), name: nullable(Type.String()) })),
  subject: nullable(Type.String({ description: 'Of its last certificate, sound or not.' })),
  reported_id: nullable(Type.String({ description: 'What it says of itself; carries nothing.' })),
  class: nullable(Type.String()),
  agent: nullable(Type.String()),
  agent_version: nullable(Type.String()),
  listener: nullable(Type.String()),
  first_seen: unknownTime,
  last_seen: unknownTime,
  sightings: Type.Integer(),
  verdict: nullable(stringEnum(VERDICTS)),
  code: nullable(Type.String()),
  migration: stringEnum(MIGRATIONS),
  authentication: stringEnum(AUTHENTICATION_STATES, 'The state on the readiness chart.'),
  authentication_cause: Type.String({ description: 'What usually causes that state.' }),
  called_without_certificate: nullable(
    time('When a client without a certificate said last to be this device; proves nothing.'),
  ),
  silent: nullable(
    strictObject(
      { note: Type.String(), by: Type.String(), at: time('When it was marked.') },
      'The mark of a known host that may stay in "No authentication info".',
    ),
  ),
  approval: stringEnum(APPROVALS),
  approval_by: nullable(Type.String()),
  approval_at: unknownTime,
  awaiting: Type.Boolean({ description: 'Approved, awaiting next connection.' }),
  setting: nullable(Type.String()),
  not_after: unknownTime,
  expectation: nullable(expectationShape),
  departures: Type.Array(departureShape, {
    description: 'How it departs from the documents; no verdict asks for it.',
  }),
  version: Type.Integer(),
})

/** A certificate that a device has shown. */
export const certificateShape = strictObject({
  fingerprint: Type.String(),
  key: Type.String(),
  issuer_key: nullable(Type.String()),
  serial: Type.String(),
  issuer: Type.String(),
  subject: Type.String(),
  signed_ids: Type.Array(Type.String()),
  not_before: time('Its first moment.'),
  not_after: time('Its last moment.'),
  setting: nullable(Type.String()),
  sound: Type.Boolean(),
  verdict: stringEnum(VERDICTS),
  code: Type.String({
    description: 'What it met last; of one without a sound path, why it has none.',
  }),
  first_seen: time('When it was first shown.'),
  last_seen: time('When it was last shown.'),
})

/** What the readiness chart counts a device as, by the agents that count now. */
const assessed = (it: Device, { minimums, calledWithout, silent }: Beside): Assessment =>
  readinessOf(
    {
      calledWithout,
      silent: silent !== undefined,
      verdict: LAST_VERDICT[it.authentication](it.code ?? ''),
      class: CLIENT_CLASSES.find((one) => one === it.class),
      version: it.agentVersion === undefined ? undefined : parseVersion(it.agentVersion),
    },
    minimums,
  )

const LAST_VERDICT: Readonly<Record<Device['authentication'], (code: string) => LastVerdict>> = {
  succeeded: () => ({ kind: 'admit' }),
  'no-info': () => ({ kind: 'none' }),
  failed: (code) => ({ kind: 'refuse', code }),
}

/** What a device is shown with besides its own row. */
interface Beside {
  readonly minimums: MinimumVersions
  readonly subject: string | undefined
  readonly frontEnd: DocumentsView
  /** When a client without a certificate said last to be it. */
  readonly calledWithout: Instant | undefined
  readonly silent: SilentDevice | undefined
}

export const shownDevice = (it: Device, beside: Beside): Static<typeof deviceShape> => ({
  id: it.id,
  inventory:
    it.inventory === undefined ? null : { id: it.inventory.id, name: it.inventory.name ?? null },
  subject: beside.subject ?? null,
  reported_id: it.reportedId ?? null,
  class: it.class ?? null,
  agent: it.agent ?? null,
  agent_version: it.agentVersion ?? null,
  listener: it.listener ?? null,
  first_seen: timeOrNull(it.firstSeen),
  last_seen: timeOrNull(it.lastSeen),
  sightings: it.sightings,
  verdict: it.verdict ?? null,
  code: it.code ?? null,
  migration: it.migration,
  authentication: assessed(it, beside).state,
  authentication_cause: assessed(it, beside).cause,
  called_without_certificate: timeOrNull(beside.calledWithout),
  silent:
    beside.silent === undefined
      ? null
      : {
          note: beside.silent.note,
          by: beside.silent.markedBy,
          at: isoText(beside.silent.markedAt),
        },
  approval: it.approval,
  approval_by: it.approvalBy ?? null,
  approval_at: timeOrNull(it.approvalAt),
  awaiting: it.awaiting,
  setting: it.setting ?? null,
  not_after: timeOrNull(it.notAfter),
  ...shownExpectation(it, beside.frontEnd),
  version: it.version,
})

export const shownDeviceCertificate = (it: DeviceCertificate): Static<typeof certificateShape> => ({
  fingerprint: it.fingerprint,
  key: it.key,
  issuer_key: it.issuerKey ?? null,
  serial: it.serial,
  issuer: it.issuer,
  subject: it.subject,
  signed_ids: [...it.signedIds],
  not_before: isoText(it.notBefore),
  not_after: isoText(it.notAfter),
  setting: it.setting ?? null,
  sound: it.sound,
  verdict: it.verdict,
  code: it.code,
  first_seen: isoText(it.firstSeen),
  last_seen: isoText(it.lastSeen),
})
