/**
 * What an enrollment setting says about the revocation lists of its CAs.
 */
import { Type } from 'typebox'
import { group, duration, listOf, patternText, choice } from './reading/schema-types.ts'

/** Lists, and what follows while nobody can tell. */
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
      'What follows while nobody can tell whether a certificate was revoked, because a list is missing or too old: `hard-fail` refuses (and writes down in `recording`), `soft-fail` admits.',
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
