/**
 * Devices that no certificate tells apart, in the numbers that every warning, chart and command asks: what would be
 * refused of unknown devices if certificates were required, and which devices of the inventory never showed one.
 */
import { countText } from '../kernel/count-text.ts'

/** Where something was met: a listener, its row, and the code that it would be refused with. */
export interface CallerPlace {
  /** Empty where a day had more kinds than are told apart. */
  readonly listener: string
  /** Empty on a sync port, and for a connection that was closed before a request. */
  readonly route: string
  readonly code: string
}

/** The numbers, of the last `days` days. */
export interface CallerNumbers {
  readonly days: number
  readonly requests: readonly (CallerPlace & { readonly requests: number })[]
  /** Devices of the inventory that never showed a certificate, known hosts apart. */
  readonly uncertified: number
  /** Those of them that clients without a certificate said to be, by where they did so last. */
  readonly named: readonly (CallerPlace & { readonly devices: number })[]
}

/** How many days are looked back on before certificates are required: holidays are shorter. */
export const CALLER_DAYS = 30

/** What speaks against requiring certificates for devices that nothing tells apart. */
export type CallerWarning =
  | {
      readonly kind: 'devices-without-certificate'
      readonly devices: number
      readonly named: CallerNumbers['named']
      readonly days: number
    }
  | {
      readonly kind: 'unknown-requests-refused'
      readonly requests: CallerNumbers['requests']
      readonly days: number
    }

/** The warnings of these numbers; none where every device showed a certificate. */
export function callerWarnings(numbers: CallerNumbers): readonly CallerWarning[] {
  const { days, requests, uncertified: devices, named } = numbers
  return [
    ...(devices > 0
      ? [{ kind: 'devices-without-certificate', devices, named, days } as const]
      : []),
    ...(requests.length > 0 ? [{ kind: 'unknown-requests-refused', requests, days } as const] : []),
  ]
}

/** A warning in words: how many, and where. */
export function callerWarningText(warning: CallerWarning): string {
  switch (warning.kind) {
    case 'devices-without-certificate': {
      const { devices, named, days } = warning
      const said = sum(named.map((one) => one.devices))
      const head = `${countText(devices, 'device')} of the inventory never showed a certificate`
      if (said === 0)
        return `${head}, and no client named ${devices === 1 ? 'it' : 'one of them'} in the last ${days} days`
      const places = placesText(named, (one) => one.devices)
      const rest = Math.max(0, devices - said)
      return `${head}: ${said} called without one in the last ${days} days, by their own word (${places})${
        rest === 0 ? '' : `, and ${rest} ${rest === 1 ? 'was' : 'were'} not named`
      }`
    }
    case 'unknown-requests-refused': {
      const { requests, days } = warning
      const many = countText(sum(requests.map((one) => one.requests)), 'request')
      return `${many} from unknown devices in the last ${days} days would have been refused (${placesText(requests, (one) => one.requests)})`
    }
  }
}

/** `40 on devices, row checkin: no-certificate`, the most first; of many places the rest is summed up. */
function placesText<Place extends CallerPlace>(
  places: readonly Place[],
  many: (place: Place) => number,
): string {
  const shown = places.slice(0, PLACES_SHOWN).map((place) => `${many(place)} ${placeText(place)}`)
  const rest = sum(places.slice(PLACES_SHOWN).map(many))
  return [...shown, ...(rest === 0 ? [] : [`${rest} elsewhere`])].join('; ')
}

function placeText({ listener, route, code }: CallerPlace): string {
  if (listener === '') return 'where it is not told apart'
  return `on ${listener}${route === '' ? '' : `, row ${route}`}: ${code}`
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)

/** As many as a person reads in one sentence; the tables beside it have them all. */
const PLACES_SHOWN = 10
