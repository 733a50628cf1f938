/**
 * What the server's documents expect of devices, and how these depart from it. Everything is worked out by
 * `fleet/departure.ts`, for one device, for a filter and for the counts.
 */
import { Type, type Static } from 'typebox'
import { CLIENT_CLASSES, parseVersion } from '../../../fleet/client.ts'
import {
  compareWithDocuments,
  DEPARTURE_TITLES,
  DEPARTURES,
  explainDeparture,
  explainExpectation,
} from '../../../fleet/departure.ts'
import { DETECTIONS, detectionOf } from '../../../fleet/detect-client.ts'
import { DOCUMENTED_SERVERS } from '../../../fleet/expectation.ts'
import { situationOf, type DepartureCount } from '../../../store/devices/departing-devices.ts'
import type { Device } from '../../../store/devices/device.ts'
import type { FrontEndView } from '../../front-end.ts'
import { nullable, strictObject, stringEnum } from '../../schemas.ts'

/** What has to be known of the front end. */
export type DocumentsView = Pick<FrontEndView, 'installation' | 'syncListener'>

/** What the documents expect of a device; null where they, or what is known of it, leave it open. */
export const expectationShape = strictObject({
  port: nullable(stringEnum(['sync', 'https'] as const, 'https is 443.')),
  mutual_authentication: nullable(
    stringEnum(
      ['used', 'not-used', 'from-next-check-in'] as const,
      'from-next-check-in: at most once more on the sync port without a certificate.',
    ),
  ),
  text: Type.String(),
})

/** One departure of a device. */
export const departureShape = strictObject({
  code: stringEnum(DEPARTURES),
  text: Type.String(),
  next_step: Type.String(),
})

/** The counts of all departures. */
export const departuresShape = strictObject({
  documents: nullable(
    stringEnum(DOCUMENTED_SERVERS, 'Whose documents; null where the profile has none.'),
  ),
  departures: Type.Array(
    strictObject({ code: stringEnum(DEPARTURES), title: Type.String(), devices: Type.Integer() }),
  ),
  detection: Type.Array(
    strictObject({
      class: stringEnum(CLIENT_CLASSES),
      by: stringEnum(
        DETECTIONS,
        'How traffic tells the class: by a documented sign, by signs that were never compared with a real client, or not at all; then only the inventory names it.',
      ),
    }),
  ),
})

/** A device's expectation and departures, as they are shown. */
export function shownExpectation(
  it: Device,
  frontEnd: DocumentsView,
): {
  readonly expectation: Static<typeof expectationShape> | null
  readonly departures: Static<typeof departureShape>[]
} {
  const installation = frontEnd.installation()
  const kind = CLIENT_CLASSES.find((one) => one === it.class)
  if (installation === undefined || kind === undefined) return { expectation: null, departures: [] }
  const { profile } = installation
  const version = it.agentVersion === undefined ? undefined : parseVersion(it.agentVersion)
  const situation = situationOf(it, frontEnd.syncListener())
  const { expected, departures } = compareWithDocuments(
    { class: kind, version, situation },
    installation,
  )
  return {
    expectation:
      expected === undefined
        ? null
        : {
            port: expected.port ?? null,
            mutual_authentication: expected.mutual ?? null,
            text: explainExpectation(kind, expected, profile),
          },
    departures: departures.map((one) => {
      const { sentence, nextStep } = explainDeparture(one, profile)
      return { code: one.kind, text: sentence, next_step: nextStep }
    }),
  }
}

/** The counts, and what they rest on. */
export const shownDepartures = (
  counts: readonly DepartureCount[],
  frontEnd: DocumentsView,
): Static<typeof departuresShape> => ({
  documents: frontEnd.installation()?.profile ?? null,
  departures: counts.map(({ code, devices }) => ({ code, title: DEPARTURE_TITLES[code], devices })),
  detection: CLIENT_CLASSES.map((kind) => ({ class: kind, by: detectionOf(kind) })),
})
