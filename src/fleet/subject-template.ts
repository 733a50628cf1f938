/**
 * The attributes of a certificate template's subject (S0-22, S0-23): five are known to the server, and whatever else
 * stands between dollar signs is replaced at the next registration or renewal.
 */

/** The attributes that the server fills in. */
export const SUBJECT_ATTRIBUTES = [
  '$RANDOM_16$',
  '$RANDOM_32$',
  '$RANDOM_64$',
  '$CONFIG_UUID$',
  '$TIMESTAMP_MS$',
] as const

/** What the server puts where it does not know an attribute. */
export const SUBJECT_REPLACEMENT = '$RANDOM_32$'

/** What a template holds. */
export interface SubjectTemplate {
  readonly known: readonly string[]
  /** In the order of the template, each once. */
  readonly replaced: readonly string[]
  /** The template as the server will use it. */
  readonly effective: string
}

/** Looks at the subject of a template, e.g. `CN=$USERID$,OU=$RANDOM_32$`. */
export function readSubjectTemplate(subject: string): SubjectTemplate {
  const found = [...new Set(subject.match(ATTRIBUTE))]
  return {
    known: found.filter(isKnown),
    replaced: found.filter((attribute) => !isKnown(attribute)),
    effective: subject.replaceAll(ATTRIBUTE, (it) => (isKnown(it) ? it : SUBJECT_REPLACEMENT)),
  }
}

const ATTRIBUTE = /\$[A-Za-z0-9_]{1,64}\$/gu
const isKnown = (attribute: string): boolean =>
  (SUBJECT_ATTRIBUTES as readonly string[]).includes(attribute)
