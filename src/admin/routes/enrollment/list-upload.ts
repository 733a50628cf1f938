/**
 * A revocation list that an administrator uploads, or names by its URL → a source for the setting, or what is wrong with
 * it.
 */
import { createHash } from 'node:crypto'
import { quoted } from '../../../config/reading/fault-text.ts'
import { wrongListUrl } from '../../../config/trust/list-url.ts'
import { fail, ok, type Fault, type Result } from '../../../kernel/types.ts'
import { explainCrlFailure, type CrlFailure } from '../../../revoke/crl-failure.ts'
import { objectionTo } from '../../../revoke/departures.ts'
import { judgeReplacements } from '../../../revoke/replacement.ts'
import type { Limits, Profile } from '../../../trust/limits.ts'
import type { ListSource } from '../../../trust/list-source.ts'
import { sequenceKey, verifyList, type RevocationList } from '../../../trust/revocation.ts'
import type { Certificate } from '../../../x509/certificate.ts'
import { NO_ENCODING, octetsOfText } from '../../../x509/file/certificate-file.ts'
import { parseCrls, type Crl } from '../../../x509/crl.ts'

/** What an upload is held against. */
export interface ListRules {
  readonly profile: Profile
  readonly limits: Limits
  /** The CAs of the setting. */
  readonly authorities: readonly Certificate[]
  /** The lists of the setting that are in force now, or about to be. */
  readonly inForce: readonly Crl[]
}

/** Lists that were uploaded and verified. */
export interface UploadedLists {
  readonly source: Extract<ListSource, { readonly kind: 'upload' }>
  readonly lists: readonly RevocationList[]
}

/** Reads lists, in PEM or in base64 of DER; every one has to be of a CA of the setting, and newer than what is in force. */
export function readUploadedLists(
  text: string,
  rules: ListRules,
): Result<UploadedLists, readonly Fault[]> {
  const octets = octetsOfText(text)
  if (octets === undefined) return fail([{ at: 'list', message: NO_ENCODING }])
  const file = parseCrls(octets)
  if (!file.ok) return fail([faultOf(file.failure)])
  const { authorities, limits, profile } = rules
  const objection = objectionTo(file.value, profile)
  if (objection !== undefined) return fail([faultOf(objection)])
  const lists: RevocationList[] = []
  for (const crl of file.value.crls) {
    const list = verifyList(crl, authorities, limits)
    if (!list.ok) return fail([faultOf(list.failure)])
    lists.push(list.value)
  }
  for (const list of lists) {
    const key = sequenceKey(list)
    const before = rules.inForce.flatMap((crl) => {
      const known = verifyList(crl, authorities, limits)
      return known.ok && sequenceKey(known.value) === key ? [known.value] : []
    })
    const judged = judgeReplacements([list], before, profile)
    if (!judged.ok) return fail([faultOf(judged.failure)])
  }
  const digest = createHash('sha256').update(octets).digest('hex')
  return ok({ source: { kind: 'upload', digest, octets }, lists })
}

const faultOf = (why: CrlFailure): Fault => {
  const { sentence, nextStep } = explainCrlFailure(why)
  return { at: 'list', message: `${why.kind}: ${sentence}: ${nextStep}` }
}

/** Reads a URL, by the rules of the configuration file. */
export function readListUrl(url: string): Result<ListSource, readonly Fault[]> {
  const wrong = wrongListUrl(url)
  if (wrong !== undefined) {
    return fail([{ at: 'url', message: `found ${quoted(url)}, ${wrong}` }])
  }
  return ok({ kind: 'url', url: new URL(url).href })
}
