/** Where an enrollment setting finds its revocation lists. */
import { Type } from 'typebox'
import { group, duration, listOf, patternText, choice } from '../reading/schema-types.ts'
import { resolve } from 'node:path'
import { wrongListUrl } from './list-url.ts'
import { placeOf } from '../../trust/list-source.ts'
import type { CrlSettings, CrlSource } from './types.ts'
import {
  allOrMissing,
  type Maybe,
  missing,
  type Place,
  readEach,
  nonEmptyList,
  type Written,
} from '../reading/place.ts'
import { quoted } from '../reading/fault-text.ts'

/** The schema of `crl`: the lists of a setting, and what follows while revocation is not known. */
export const crl = group(
  'Where the CAs of the chain publish what they have revoked. In a store that is made anew this is taken over; from then on the lists belong to the setting in the store (`tfe crl`). A certificate that a list names is refused in every mode, `recording` and open routes included; the device needs a list of its own issuer, CAs below the anchor are checked where theirs publishes one. Delta and indirect lists are refused.',
  {
    lists: listOf(
      'One entry for each place, in DER, or in PEM with any number of lists. A list counts for the CA of the chain that signed it and for no other.',
      group('One list: `file` or `url`.', {
        file: Type.Optional(
          patternText(
            'A file, from the folder of the configuration. It is read again whenever it changes.',
            '^(?!file:)[^\\u0000-\\u001f]{1,4000}$',
            { wanted: 'the path of a file', advice: 'write the path alone, without file:' },
          ),
        ),
        url: Type.Optional(
          patternText(
            'A URL. Lists are signed, so plain http is as good as https.',
            '^https?://[^\\u0000-\\u0020]{1,2000}$',
            { wanted: 'a URL that begins with http:// or https://' },
          ),
        ),
      }),
    ),
    failure: choice(
      'What follows while it is not known whether a certificate was revoked, because a list is missing or too old: `hard-fail` refuses (and writes down in `recording`), `soft-fail` admits.',
      ['hard-fail', 'soft-fail'],
      'hard-fail',
    ),
    grace: duration(
      'With `hard-fail`: how long a list still counts after the time by which its successor was promised (nextUpdate).',
      ['0s', '30d'],
      '0s',
    ),
    refresh: duration(
      'How often a URL is asked again. Sooner when its list is about to end; later, by and by, while it fails. The list read last stays in force.',
      ['1s', '7d'],
      '1h',
    ),
  },
)

type WrittenList = NonNullable<NonNullable<Written<typeof crl>['lists']>[number]>

/** Reads `crl` of a setting; a setting without it checks no revocation. */
export function readCrl(place: Place<Written<typeof crl>>): Maybe<CrlSettings | undefined> {
  if (place.written === undefined) return place.isFaulty ? missing : undefined
  const lists = nonEmptyList(readEach(place.at('lists'), (_, list) => readSource(list)))
  const grace = place.at('grace')
  if (lists !== missing) checkRepeats(place, lists)
  if (place.written.failure === 'soft-fail' && grace.isStated) {
    grace.warn(
      'found a grace beside soft-fail, where it has no effect: an old list refuses no device there; remove it, or write hard-fail',
    )
  }
  return allOrMissing<CrlSettings>({
    lists,
    failure: place.required('failure'),
    grace: place.millis('grace'),
    refresh: place.millis('refresh'),
    resets: 0,
  })
}

function readSource(place: Place<WrittenList>): Maybe<CrlSource> {
  if (place.isFaulty) return missing
  const { file, url } = place.written ?? {}
  if (file !== undefined && url !== undefined) {
    const message = 'found file and url, wanted one of them: make it two entries'
    return place.at('url').fault(message)
  }
  const at = place.location
  if (file !== undefined) return { kind: 'file', at, path: resolve(place.context.folder, file) }
  if (url === undefined) {
    return place.fault('found neither file nor url, wanted one of them: say where the list is')
  }
  const read = readUrl(place.at('url'), url)
  return read === missing ? missing : { kind: 'url', at, url: read }
}

function readUrl(place: Place<string>, url: string): Maybe<string> {
  const wrong = wrongListUrl(url)
  if (wrong !== undefined) return place.fault(`found ${quoted(url)}, ${wrong}`)
  return new URL(url).href
}

function checkRepeats(place: Place<Written<typeof crl>>, lists: readonly CrlSource[]): void {
  const locations = lists.map(placeOf)
  for (const [index, location] of locations.entries()) {
    if (locations.indexOf(location) === index) continue
    const message = 'found a list that is named above already, wanted each once: remove it'
    place.at('lists').at(index).fault(message)
  }
}
