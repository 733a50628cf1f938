/**
 * Section B: who is kept out wrongly. The ids are the public names of cases found by running what has landed; B8, B10 and
 * B11 are of another section.
 */
import { idsOf, type Section } from '../case.ts'
import { ALGORITHMS } from './algorithms.ts'
import { AUTHORITIES } from './authorities.ts'
import { CHAIN_FILES } from './chain-files.ts'
import { KEYSTORES } from './keystores.ts'
import { LISTS } from './lists.ts'
import { POOLERS } from './poolers.ts'
import { NAMES } from './names.ts'
import { PATHS_OF_REQUESTS } from './paths.ts'
import { PROXY_HEADERS } from './proxy-readers.ts'
import { RELOADS } from './reloads.ts'
import { RESOLVER } from './resolver.ts'
import { SENTENCES_OF_REFUSALS } from './sentences.ts'

const ELSEWHERE: ReadonlySet<string> = new Set(['B8', 'B10', 'B11'])

export const SECTION_B: Section = {
  letter: 'B',
  title: 'who is kept out wrongly',
  ids: idsOf('B', 17).filter((id) => !ELSEWHERE.has(id)),
  scenes: [
    ...RELOADS,
    ...KEYSTORES,
    ...ALGORITHMS,
    ...LISTS,
    ...CHAIN_FILES,
    ...PATHS_OF_REQUESTS,
    ...NAMES,
    ...AUTHORITIES,
    ...PROXY_HEADERS,
    ...SENTENCES_OF_REFUSALS,
    ...POOLERS,
    ...RESOLVER,
  ],
}
