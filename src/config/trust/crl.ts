/** Where an enrollment setting finds its revocation lists. */
import { resolve } from 'node:path'
import { placeOfList, type CrlSettings, type CrlSource } from './types.ts'
import { millis } from '../reading/tls.ts'
import {
  type Desk,
  fault,
  isFaulty,
  type Maybe,
  missing,
  placeOf,
  present,
  some,
  warn,
  whole,
} from '../reading/read-context.ts'
import type { Document } from '../schema.ts'
import { quoted } from '../reading/fault-text.ts'
import type { Draft } from '../shape.ts'
import type { Path } from '../reading/yaml-text.ts'

type Written = Draft<NonNullable<Document['trust']['enrollmentSettings'][number]['crl']>>
type WrittenList = NonNullable<NonNullable<Written['lists']>[number]>

/** Reads `crl` of a setting; a setting without it checks no revocation. */
export function readCrl(
  desk: Desk,
  path: Path,
  written: Written | undefined,
): Maybe<CrlSettings | undefined> {
  if (written === undefined) return isFaulty(desk, path) ? missing : undefined
  const lists = some(written.lists, (list: WrittenList, index) =>
    readSource(desk, [...path, 'lists', index], list),
  )
  const grace = millis(written.grace)
  if (lists !== missing) checkRepeats(desk, path, lists)
  if (written.failure === 'soft-fail' && desk.text.has([...path, 'grace'])) {
    const message =
      'found a grace beside soft-fail, where it has no effect: an old list refuses nobody there; remove it, or write hard-fail'
    warn(desk, [...path, 'grace'], message)
  }
  return whole<CrlSettings>({
    lists,
    failure: present(written.failure),
    grace,
    refresh: millis(written.refresh),
  })
}

function readSource(desk: Desk, path: Path, { file, url }: WrittenList): Maybe<CrlSource> {
  if (isFaulty(desk, path)) return missing
  const at = placeOf(desk, path)
  if (file !== undefined && url !== undefined) {
    return fault(
      desk,
      [...path, 'url'],
      'found file and url, wanted one of them: make it two entries',
    )
  }
  if (file !== undefined) return { kind: 'file', at, path: resolve(desk.folder, file) }
  if (url !== undefined) return readUrl(desk, [...path, 'url'], { at, url })
  return fault(desk, path, 'found neither file nor url, wanted one of them: say where the list is')
}

function readUrl(
  desk: Desk,
  path: Path,
  { at, url }: { readonly at: string; readonly url: string },
): Maybe<CrlSource> {
  const parsed = URL.parse(url)
  if (parsed === null) {
    return fault(desk, path, `found ${quoted(url)}, wanted a URL with a host: correct it`)
  }
  // It is logged and counted by; whatever else it holds, it must not hold a password.
  if (parsed.username !== '' || parsed.password !== '') {
    const message = `found ${quoted(url)}, wanted a URL without a name and password: lists are public, publish this one without`
    return fault(desk, path, message)
  }
  if (parsed.hash !== '') {
    return fault(desk, path, `found ${quoted(url)}, wanted a URL without a fragment (#): remove it`)
  }
  return { kind: 'url', at, url: parsed.href }
}

function checkRepeats(desk: Desk, path: Path, lists: readonly CrlSource[]): void {
  const places = lists.map(placeOfList)
  for (const [index, place] of places.entries()) {
    if (places.indexOf(place) === index) continue
    const message = 'found a list that is named above already, wanted each once: remove it'
    fault(desk, [...path, 'lists', index], message)
  }
}
