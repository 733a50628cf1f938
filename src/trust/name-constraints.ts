/**
 * Name constraints along a path (RFC 5280 §6.1.3 (b), (c) and §6.1.4 (g)).
 */
import { unreachable } from '../kernel/types.ts'
import { printName } from '../x509/print-name.ts'
import type { Certificate } from '../x509/certificate.ts'
import type { GeneralName } from '../x509/general-name.ts'
import type { Subtree } from '../x509/extension/name-constraints.ts'
import type { Effort } from './effort.ts'
import type { PathFailure } from './failure.ts'
import { isWellFormedConstraint, matchName } from './name-match.ts'

/** What one CA on the path allows below it. */
interface Rule {
  readonly by: Certificate
  readonly permitted: readonly Subtree[]
  readonly excluded: readonly Subtree[]
}

/** The rules of all CAs above; each has to be met by itself, which is what intersecting the subtrees comes to. */
export class NameRules {
  readonly #rules: Rule[] = []

  /** Adds what a CA demands of everything below it; a malformed demand is a failure, whether or not it would be met. */
  add(ca: Certificate): PathFailure | undefined {
    const { nameConstraints } = ca.extensions
    if (nameConstraints === undefined) return undefined
    const { permitted, excluded } = nameConstraints
    const broken = [...permitted, ...excluded].find(({ base }) => !isWellFormedConstraint(base))
    if (broken !== undefined) {
      const subject = printName(ca.subject)
      return { kind: 'name-constraints-malformed', subject, constraint: nameText(broken.base) }
    }
    this.#rules.push({ by: ca, permitted, excluded })
    return undefined
  }

  /** Checks every name of a certificate against every rule above it. */
  check(certificate: Certificate, effort: Effort): PathFailure | undefined {
    if (this.#rules.length === 0) return undefined
    for (const name of namesOf(certificate)) {
      for (const rule of this.#rules) {
        const failure = checkName({ name, certificate, rule }, effort)
        if (failure !== undefined) return failure
      }
    }
    return undefined
  }
}

interface Case {
  readonly name: GeneralName
  readonly certificate: Certificate
  readonly rule: Rule
}

function checkName(tried: Case, effort: Effort): PathFailure | undefined {
  const { name, rule } = tried
  const excluded = rule.excluded.filter((subtree) => isSameKind(name, subtree.base))
  const permitted = rule.permitted.filter((subtree) => isSameKind(name, subtree.base))
  if (!effort.spend('comparisons', excluded.length + permitted.length)) return effort.failure()
  for (const subtree of excluded) {
    const match = matchSubtree(name, subtree)
    if (match === 'outside') continue
    const kind = match === 'undecidable' ? 'name-undecidable' : 'name-excluded'
    return { kind, ...about(tried), constraint: nameText(subtree.base) }
  }
  if (permitted.length === 0) return undefined
  const matches = permitted.map((subtree) => matchSubtree(name, subtree))
  if (matches.includes('inside')) return undefined
  const unclear = permitted[matches.indexOf('undecidable')]
  if (unclear === undefined) return { kind: 'name-not-permitted', ...about(tried) }
  return { kind: 'name-undecidable', ...about(tried), constraint: nameText(unclear.base) }
}

const about = ({ name, certificate, rule }: Case) => ({
  subject: printName(certificate.subject),
  name: nameText(name),
  by: printName(rule.by.subject),
})

/** Distances other than the whole subtree are not defined in this profile (§4.2.1.10). */
const matchSubtree = (name: GeneralName, { base, plain }: Subtree) =>
  plain ? matchName(name, base) : 'undecidable'

function isSameKind(name: GeneralName, base: GeneralName): boolean {
  if (name.kind !== base.kind) return false
  return name.kind !== 'other' || (base.kind === 'other' && name.tag === base.tag)
}

/** The subject (if there is one), the alternative names, and a subject's e-mail addresses where those are absent. */
function namesOf({ subject, extensions }: Certificate): readonly GeneralName[] {
  const alternative = extensions.subjectAltName
  const directory: GeneralName[] =
    subject.rdns.length === 0 ? [] : [{ kind: 'directory', name: subject }]
  if (alternative !== undefined) return [...directory, ...alternative]
  const emails = subject.rdns
    .flat()
    .filter(({ oid }) => oid === EMAIL_ADDRESS)
    .map(({ text }): GeneralName => ({ kind: 'email', text }))
  return [...directory, ...emails]
}

const EMAIL_ADDRESS = '1.2.840.113549.1.9.1'

function nameText(name: GeneralName): string {
  switch (name.kind) {
    case 'directory':
      return `directory name ${printName(name.name)}`
    case 'other':
      return `name of kind ${name.tag & 0x1f}`
    case 'dns':
    case 'email':
    case 'ip':
    case 'uri':
      return `${name.kind} ${name.text}`
    default:
      return unreachable(name)
  }
}
