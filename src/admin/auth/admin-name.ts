/**
 * Names of administrators, so that no two of them look or sound alike: the profile UsernameCaseMapped (RFC 8265 §3.3) over
 * its IdentifierClass (RFC 8264 §4.2), narrowed to names that the profile leaves as they are. Names that are in a store
 * already stay.
 */
import { fail, ok, type Result } from '../../kernel/types.ts'

/** Takes the name of a new administrator, or returns what is wrong with it; `names` are those that there are. */
export function checkNewAdminName(name: string, names: readonly string[]): Result<string, string> {
  // A name that is there already is told to be there.
  if (names.includes(name)) return ok(name)
  const fault = nameFault(name)
  if (fault !== undefined) return fail(fault)
  const twin = names.find((one) => one !== name && mapped(one) === name)
  if (twin === undefined) return ok(name)
  return fail(`found a name that reads like that of ${shown(twin)}, wanted another: choose one`)
}

/** Says what keeps a name from being given today; nothing for most. */
export function nameFault(name: string): string | undefined {
  const wanted = mapped(name)
  if (name.length > MAX_LENGTH) {
    return `found a name of ${name.length} characters, wanted at most ${MAX_LENGTH}: shorten it`
  }
  if (!IDENTIFIER.test(wanted) || IS_INVISIBLE.test(wanted) || hasCompatible(wanted)) {
    return 'found other characters, wanted letters and digits, and behind the first also signs such as `._@-`: leave the others out'
  }
  const scripts = SCRIPTS.filter((script) => script.test(wanted))
  if (scripts.length > 1) {
    return 'found letters of several scripts, which can look alike, wanted those of one: write the name in one script'
  }
  return wanted === name ? undefined : `found ${shown(name)}, wanted ${wanted}: write it so`
}

/** RFC 8265 §3.3.1: width, case, then normalization form C. */
const mapped = (name: string): string =>
  name
    .replaceAll(/[\uFF00-\uFFEF]/gu, (wide) => wide.normalize('NFKC'))
    .toLowerCase()
    .normalize('NFC')

/** The letters and digits of RFC 8264 §9.1 that are small where there is a choice, and printable ASCII (§9.11). */
const IDENTIFIER = /^[\p{Ll}\p{Lo}\p{Nd}][\p{Ll}\p{Lo}\p{Mn}\p{Mc}\p{Nd}\u0021-\u007E]*$/u
/** What is shown by nothing, or by the letters beside it (RFC 8264 §9.9 and §9.13): variation selectors, parts of syllables. */
const IS_INVISIBLE = /[\p{Default_Ignorable_Code_Point}\u1100-\u11FF\uA960-\uA97F\uD7B0-\uD7FF]/u
/** Whether letters are another spelling of others (RFC 8264 §9.17): wide, raised, joined or mathematical ones. */
const hasCompatible = (name: string): boolean => name.normalize('NFKC') !== name
/** The profile stops here; a name of two scripts may still look like another one. */
const SCRIPTS: readonly RegExp[] = [
  /\p{Script=Latin}/u,
  /\p{Script=Greek}/u,
  /\p{Script=Cyrillic}/u,
  /\p{Script=Armenian}/u,
  /\p{Script=Cherokee}/u,
  /\p{Script=Hebrew}/u,
  /\p{Script=Arabic}/u,
]

const shown = (name: string): string =>
  JSON.stringify(name.slice(0, 40)).replaceAll(/[\u007F-\u009F\p{Cf}]/gu, '\uFFFD')

/** As much as fits a column of the audit trail. */
const MAX_LENGTH = 63
