/**
 * Question → account: the same identification, the same route table and the same judge as for a connection that comes now,
 * with every step said aloud. Nothing of the question stays behind.
 */
import {
  decide,
  timelinessOfPeer,
  vouchedFor,
  type Decision,
  type Peer,
} from '../../decide/decide.ts'
import { explain as explainRefusal } from '../../decide/explain-refusal.ts'
import type { PeerCache } from '../../identify/peer.ts'
import type { Explanation } from '../../kernel/explanation.ts'
import { unreachable, type Instant } from '../../kernel/types.ts'
import { findingCodes } from '../../trust/finding.ts'
import type { Certificate } from '../../x509/certificate.ts'
import type { RouteRow } from '../../config/routes/types.ts'
import { closedTo } from '../ask.ts'
import type { CompiledConfig } from '../compiled-config.ts'
import { no, note, type Account, type Section, type TellingVerdict } from './account.ts'
import { approvalSections } from './approval.ts'
import { attemptSection } from './attempts.ts'
import { certificateSections, keptSection, name, toldCertificate } from './certificates.ts'
import { checkSections } from './checks.ts'
import type { ExplainContext, Knowledge } from './context.ts'
import { denialSections } from './denials.ts'
import { endpointSections } from './endpoint.ts'
import { processFacts } from './in-force.ts'
import { issuerSteps } from './issuers.ts'
import { matchSections } from './match.ts'
import { pathSections, toldPaths } from './paths.ts'
import { identify, type Identified } from './peer.ts'
import { queryIn, routeMet, type Question, type Subject, type Unrouted } from './question.ts'
import { revocationSections } from './revocation.ts'
import { tell } from './telling.ts'
import { validitySection } from './validity.ts'
import { askOf, classesSection, routeSection, rowVerdicts, verdictSection } from './verdicts.ts'

/** What a question is judged by. */
export interface Judging {
  readonly compiled: CompiledConfig
  readonly peerCache: PeerCache
  readonly now: Instant
  readonly knowledge: Knowledge
  /** The number of the snapshot; undefined beside a process that serves. */
  readonly snapshot: number | undefined
  /** Explains what no device is asked for. */
  readonly unrouted: (why: Unrouted | { readonly kind: 'listener-closed' }) => Rejected
}

/** A request or connection that is turned away before the device is asked. */
export type Rejected = Explanation & { readonly code: string }

/** Answers a question; undefined where no listener has the name that it asks for. */
export function answer(question: Question, judging: Judging): Account | undefined {
  const { compiled, now, knowledge, peerCache, snapshot } = judging
  const query = queryIn(question, compiled, now)
  if (query === undefined) return undefined
  const { subject } = question
  const identified = identify(subject, { compiled, peerCache, at: query.at })
  const context: ExplainContext = {
    compiled,
    query,
    knowledge,
    naming: namingOf(subject),
    isKept: subject.kind === 'kept',
  }
  const { peer, certificates } = identified
  const judged = verdictOn(peer, context, judging)
  const { decision, row, verdict } = judged
  const vouched = decision?.kind === 'admit' ? vouchedFor(decision) : undefined
  return {
    ...verdict,
    at: query.at,
    listener: query.listener.config.name,
    route: row && {
      id: row.id,
      class: row.class,
      sensitive: row.sensitive,
      endpoint: row.endpoint,
    },
    rows: query.listener.isClosed ? [] : rowVerdicts(peer, context),
    timeliness: timelinessOfPeer(peer, compiled.policy, query.at),
    findings: vouched === undefined ? [] : findingCodes(vouched.path.findings),
    certificates: toldCertificates(subject, certificates),
    paths: peer.kind === 'presented' ? toldPaths(peer.paths, context) : [],
    inForce: processFacts(peer, context, snapshot),
    sections: [
      ...subjectSections(subject, identified, context),
      ...judged.sections,
      ...changeSections(peer, judged, context),
    ],
  }
}

interface Judged {
  readonly verdict: TellingVerdict
  /** Undefined where the device was not asked. */
  readonly decision: Decision | undefined
  readonly row: RouteRow | undefined
  readonly sections: readonly Section[]
}

function verdictOn(peer: Peer, context: ExplainContext, { unrouted }: Judging): Judged {
  const { compiled, query } = context
  const { listener, request, at } = query
  const routed = request === undefined ? undefined : routeMet({ request }, listener)
  const row = routed?.ok === true ? routed.value : undefined
  const rejected = (why: Rejected, title: string): Judged => ({
    verdict: { verdict: 'refuse', ...why, wouldRefuse: undefined },
    decision: undefined,
    row,
    sections: [
      { title, steps: [no(`REFUSED: ${why.code}`, why.sentence, `next step: ${why.nextStep}`)] },
    ],
  })
  const title = `The connection to listener ${listener.config.name}`
  if (listener.isClosed) return rejected(unrouted({ kind: 'listener-closed' }), title)
  const connection = { listener, peer, remote: query.from ?? '' }
  const closed =
    listener.config.relay === undefined ? closedTo(connection, compiled, at) : undefined
  if (closed?.why !== undefined) {
    const told = tell({ kind: 'refuse', why: closed.why }, context)
    return rejected(
      {
        ...told,
        sentence: `${told.sentence}; no row of the listener could admit it, so its connection ends before a request is read`,
      },
      title,
    )
  }
  if (routed?.ok === false) {
    const why = unrouted(routed.failure)
    return { ...rejected(why, title), sections: [routeSection(query, why)] }
  }
  const decision = decide(askOf(peer, row, context), compiled.policy, at)
  const verdict = tell(decision, context)
  if (row === undefined && listener.config.relay === undefined) {
    return { verdict, decision, row, sections: [classesSection(peer, context)] }
  }
  return {
    verdict,
    decision,
    row,
    sections: [
      ...(row === undefined ? [] : [routeSection(query, row)]),
      ...(context.isKept ? [] : matchSections(peer, row?.match)),
      verdictSection(decision, row, context),
    ],
  }
}

function changeSections(
  peer: Peer,
  { decision, row }: Judged,
  context: ExplainContext,
): readonly Section[] {
  if (decision === undefined) return []
  return [...approvalSections(peer, row, context), ...endpointSections(peer, row, context)]
}

function subjectSections(
  subject: Subject,
  { peer, certificates, examined, shown }: Identified,
  context: ExplainContext,
): readonly Section[] {
  const { trust, policy } = context.compiled
  const [leaf, ...intermediates] = certificates
  switch (subject.kind) {
    case 'none':
      return [{ title: 'The device', steps: [note('shows no certificate')] }]
    case 'kept':
      return [keptSection(subject.certificate, context.query), ...peerSections(peer, context)]
    case 'presented': {
      if (leaf === undefined) {
        const why =
          peer.kind === 'unreadable' ? explainRefusal(peer.fault).sentence : 'no certificate'
        return [{ title: "The device's certificate", steps: [no('cannot be read', why)] }]
      }
      const known = { trust, shown: context.knowledge === 'running' ? shown : [] }
      return [
        ...certificateSections(certificates, context.query),
        { title: 'Who signed it', steps: issuerSteps(leaf, intermediates, known) },
        ...(examined === undefined
          ? []
          : [withoutMemory(attemptSection(examined, trust.limits), peer, context)]),
        ...peerSections(peer, context),
        ...(peer.kind === 'presented' ? [] : [validitySection(leaf, policy, context.query)]),
      ]
    }
    default:
      return unreachable(subject)
  }
}

/** Beside a front end that serves, a path may be missing that it would find. */
function withoutMemory(section: Section, peer: Peer, { knowledge }: ExplainContext): Section {
  const isFound = peer.kind === 'presented' && peer.paths.ok
  if (knowledge === 'running' || isFound) return section
  const said =
    'not known here: issuers that devices have shown to a running front end, which may lead a certificate that comes alone further'
  return { ...section, steps: [...section.steps, note(said)] }
}

/** What is held against the paths of a peer. */
function peerSections(peer: Peer, context: ExplainContext): readonly Section[] {
  if (peer.kind !== 'presented') return []
  const { paths, leaf } = peer
  return [
    ...pathSections(paths, context),
    ...revocationSections(paths, context),
    ...(paths.ok && !context.isKept ? checkSections(paths.value) : []),
    ...denialSections(peer, context),
    validitySection(leaf, context.compiled.policy, context.query),
  ]
}

const namingOf = (subject: Subject): ExplainContext['naming'] => {
  if (subject.kind !== 'kept') return name
  const { leaf, subject: called, issuer } = subject.certificate
  return (one: Certificate) => {
    if (one.subject.key !== '') return name(one)
    return one.publicKey.fingerprint === leaf.key && one.serial === leaf.serial ? called : issuer
  }
}

function toldCertificates(
  subject: Subject,
  certificates: readonly Certificate[],
): Account['certificates'] {
  if (subject.kind !== 'kept') return certificates.map(toldCertificate)
  const { leaf, subject: called, issuer, fingerprint } = subject.certificate
  const { key, serial, notBefore, notAfter } = leaf
  return [{ subject: called, issuer, serial, notBefore, notAfter, key, fingerprint }]
}
