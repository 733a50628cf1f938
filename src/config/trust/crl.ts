/** Where an enrollment setting finds its revocation lists. */
import { Type } from 'typebox'
import { group, duration, listOf, patternText, choice } from '../reading/schema-types.ts'
import { resolve } from 'node:path'
import { crlLocation, type CrlSettings, type CrlSource } from './types.ts'
import { millis } from '../reading/tls.ts'
import {
  type ReadContext,
  fault,
  isFaulty,
  type Maybe,
  missing,
  locationOf,
  orMissing,
  readNonEmpty,
  warn,
  allOrMissing,
} from '../reading/read-context.ts'
import { quoted } from '../reading/fault-text.ts'
import type { Path } from '../reading/yaml-text.ts'
import type { Written } from '../reading/deep-partial.ts'

/** The schema of `crl`: the lists of a setting, and what follows while revocation is not known. */
export const crl = group(
  'Where the CAs of the chain publish what they have revoked. A certificate that a list names is refused in every mode, `recording` and open routes included; the device needs a list of its own issuer, CAs below the anchor are checked where theirs publishes one. Delta and indirect lists are refused.',
  {
    lists: listOf(
      'One entry for each list, in DER or PEM. It counts for the CA of the chain that signed it and for no other.',
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
export function readCrl(
  context: ReadContext,
  path: Path,
  written: Written<typeof crl> | undefined,
): Maybe<CrlSettings | undefined> {
  if (written === undefined) return isFaulty(context, path) ? missing : undefined
  const lists = readNonEmpty(written.lists, (list: WrittenList, index) =>
    readSource(context, [...path, 'lists', index], list),
  )
  const grace = millis(written.grace)
  if (lists !== missing) checkRepeats(context, path, lists)
  if (written.failure === 'soft-fail' && context.text.has([...path, 'grace'])) {
    const message =
      'found a grace beside soft-fail, where it has no effect: an old list refuses no device there; remove it, or write hard-fail'
    warn(context, [...path, 'grace'], message)
  }
  return allOrMissing<CrlSettings>({
    lists,
    failure: orMissing(written.failure),
    grace,
    refresh: millis(written.refresh),
  })
}

function readSource(
  context: ReadContext,
  path: Path,
  { file, url }: WrittenList,
): Maybe<CrlSource> {
  if (isFaulty(context, path)) return missing
  const at = locationOf(context, path)
  if (file !== undefined && url !== undefined) {
    return fault(
      context,
      [...path, 'url'],
      'found file and url, wanted one of them: make it two entries',
    )
  }
  if (file !== undefined) return { kind: 'file', at, path: resolve(context.folder, file) }
  if (url !== undefined) return readUrl(context, [...path, 'url'], { at, url })
  return fault(
    context,
    path,
    'found neither file nor url, wanted one of them: say where the list is',
  )
}

function readUrl(
  context: ReadContext,
  path: Path,
  { at, url }: { readonly at: string; readonly url: string },
): Maybe<CrlSource> {
  const parsed = URL.parse(url)
  if (parsed === null) {
    return fault(context, path, `found ${quoted(url)}, wanted a URL with a host: correct it`)
  }
  // It is logged and counted by; whatever else it holds, it must not hold a password.
  if (parsed.username !== '' || parsed.password !== '') {
    const message = `found ${quoted(url)}, wanted a URL without a name and password: lists are public, publish this one without`
    return fault(context, path, message)
  }
  if (parsed.hash !== '') {
    return fault(
      context,
      path,
      `found ${quoted(url)}, wanted a URL without a fragment (#): remove it`,
    )
  }
  return { kind: 'url', at, url: parsed.href }
}

function checkRepeats(context: ReadContext, path: Path, lists: readonly CrlSource[]): void {
  const places = lists.map(crlLocation)
  for (const [index, place] of places.entries()) {
    if (places.indexOf(place) === index) continue
    const message = 'found a list that is named above already, wanted each once: remove it'
    fault(context, [...path, 'lists', index], message)
  }
}
