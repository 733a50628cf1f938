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
  withoutPeers: {
    B1: 'nginx and HAProxy were not asked: the given certificate comes without its key, and they know no ML-DSA',
    B2: 'nginx and HAProxy take whatever list lies in the file and remember none, so there is nothing to compare',
    B3: 'nginx and HAProxy were not asked: the given certificate comes without its key',
    B4: 'nginx and HAProxy take no PKCS#12',
    B5: 'nginx and HAProxy take no PKCS#12',
    B6: 'nginx and HAProxy were not asked: the given certificate comes without its key',
    B9: 'OpenSSL looks up nothing; nginx looks a name up at its start, and HAProxy at its start or with a resolver of its own',
    B12: 'nginx and HAProxy print OpenSSL’s word on a certificate, and no sentence of their own',
    B17: 'the reader itself stands in the row; OpenSSL reads no PROXY header',
  },
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
