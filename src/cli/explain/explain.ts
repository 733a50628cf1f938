/**
 * `tfe explain`: a certificate judged as the running front end would judge it, with every step said aloud.
 */
import {
  decide,
  type Decision,
  type Peer,
  timelinessOfPeer,
  vouchedFor,
} from '../../decide/decide.ts'
import { explain as explainRefusal } from '../../decide/explain-refusal.ts'
import type { Timeliness } from '../../decide/timeliness.ts'
import { isoText, type Result } from '../../kernel/types.ts'
import type { CompiledConfig } from '../../state/compiled-config.ts'
import { findingCodes } from '../../trust/finding.ts'
import { examine, type Examination } from '../../trust/judge.ts'
import {
  parseCertificate,
  type Certificate,
  type CertificateFault,
} from '../../x509/certificate.ts'
import { printName } from '../../x509/print-name.ts'
import { readCertificates } from '../certificate-file.ts'
import type { CommandEnvironment, CommandResult, Options } from '../command-environment.ts'
import { EXIT } from '../exit-code.ts'
import { printFaultAnswer } from '../answer.ts'
import { jsonText } from '../json-text.ts'
import { reportText, no, note, type Section } from './report.ts'
import { approvalSections } from './approval.ts'
import { attemptSection } from './attempts.ts'
import { certificateSections } from './certificates.ts'
import { checkSections } from './checks.ts'
import { denialSections } from './denials.ts'
import { assumeOAuthEnabled, endpointSections } from './endpoint.ts'
import { issuerSteps } from './issuers.ts'
import { validitySection } from './validity.ts'
import { loadCrls } from './lists.ts'
import { matchSections } from './match.ts'
import { pathSections } from './paths.ts'
import { parseExplainQuery, type ExplainQuery } from './arguments.ts'
import { revocationSections } from './revocation.ts'
import {
  decisionInput,
  classesSection,
  type RouteMatch,
  matchRoute,
  routeSection,
  verdictSection,
} from './verdicts.ts'
import { loadBesideStore, type StoreReading } from '../load-configuration.ts'
import type { RouteRow } from '../../config/routes/types.ts'

/** What `tfe explain` was given: two files, and the options about the request. */
export interface ExplainOptions {
  readonly certificate: string
  readonly file: string
  readonly options: Options
}

/** Prints the account; a string says what was wrong with the question. */
export async function explain(
  { certificate, file, options }: ExplainOptions,
  { terminal, env }: CommandEnvironment,
): Promise<CommandResult> {
  const form = { terminal, json: options.has('json') }
  const loaded = await loadBesideStore(file, env)
  if (!loaded.ok) return printFaultAnswer(loaded.failure, form)
  const { store } = loaded.value
  const compiled = assumeOAuthEnabled(loaded.value.compiled)
  const query = parseExplainQuery(options, compiled, terminal.timeZone)
  if (!query.ok) return query.failure
  const octets = readCertificates(certificate)
  if (!octets.ok) return printFaultAnswer([octets.failure], form)
  const withCrls = await loadCrls(compiled, query.value)
  const found = judgeFile(octets.value, withCrls.compiled, query.value)
  const sections = [...withCrls.sections, ...found.sections, ...storeSections(store)]
  const report = { ...found, sections }
  terminal.out(
    form.json ? jsonText(asJson(report, query.value)) : reportText(report.sections, terminal),
  )
  return report.admitted ? EXIT.ok : EXIT.no
}

/** Says what of the store was not asked; where it could not be read, what stands above is the file's word. */
function storeSections(store: StoreReading): readonly Section[] {
  if (store.kind === 'none') return []
  const title = 'What was not asked'
  if (store.kind === 'read') {
    const said =
      'what the store says of single devices (the deny list, blocks, approvals) and of the OAuth endpoints'
    return [{ title, steps: [note(said, '`tfe deny list` and `tfe devices show` ask it')] }]
  }
  const said =
    'the store: an administrator may have changed CAs, the deny list, blocks, approvals and whether certificates are required'
  const next = '`tfe ca list`, `tfe deny list`, `tfe devices show` and `tfe enforce status` ask it'
  return [{ title, steps: [note(said, next)] }]
}

/** The judgement and everything that was seen on the way. */
interface Report {
  readonly sections: readonly Section[]
  readonly admitted: boolean
  /** Undefined when the path was turned away before the device was asked. */
  readonly decision: Decision | undefined
  readonly routeMatch: RouteMatch | undefined
  readonly certificates: readonly Certificate[]
  readonly timeliness: Timeliness | undefined
}

function judgeFile(
  [first, ...others]: readonly [Buffer, ...Buffer[]],
  compiled: CompiledConfig,
  query: ExplainQuery,
): Report {
  const leaf = parseCertificate(first)
  // As on a connection: an intermediate that cannot be read is as good as not sent.
  const intermediates = others
    .map((der) => parseCertificate(der))
    .flatMap((one) => (one.ok ? [one.value] : []))
  const routeMatch = matchRoute(query)
  const { peer, examined } = judgePeer(leaf, intermediates, compiled)
  const seen = leaf.ok
    ? certificateReport(leaf.value, intermediates, { compiled, query, peer, examined })
    : [{ title: "The device's certificate", steps: [no('cannot be read')] }]
  const certificates = leaf.ok ? [leaf.value, ...intermediates] : []
  const timeliness = timelinessOfPeer(peer, compiled.policy, query.at)
  if (routeMatch?.ok === false) {
    const sections = [...seen, routeSection(query, routeMatch)]
    return { sections, admitted: false, decision: undefined, routeMatch, certificates, timeliness }
  }
  const row = routeMatch?.value
  const decision = decide(decisionInput(peer, row, { compiled, query }), compiled.policy, query.at)
  const verdict =
    routeMatch === undefined
      ? [classesSection(peer, compiled, query)]
      : [
          routeSection(query, routeMatch),
          ...matchSections(peer, row?.match),
          verdictSection(decision, row, { compiled, query }),
        ]
  const changes = [
    ...approvalSections(peer, row, { compiled, query }),
    ...endpointSections(peer, row, { compiled, query }),
  ]
  return {
    sections: [...seen, ...verdict, ...changes],
    admitted: decision.kind === 'admit',
    decision,
    routeMatch,
    certificates,
    timeliness,
  }
}

/** As on a connection, with everything that was tried beside the answer. */
function judgePeer(
  leaf: Result<Certificate, CertificateFault>,
  intermediates: readonly Certificate[],
  { trust }: CompiledConfig,
): { readonly peer: Peer; readonly examined: Examination | undefined } {
  if (!leaf.ok) return { peer: { kind: 'unreadable', fault: leaf.failure }, examined: undefined }
  const examined = examine({ leaf: leaf.value, intermediates }, trust, 'client')
  return { peer: { kind: 'presented', leaf: leaf.value, paths: examined.result }, examined }
}

interface SectionInput {
  readonly compiled: CompiledConfig
  readonly query: ExplainQuery
  readonly peer: Peer
  readonly examined: Examination | undefined
}

function certificateReport(
  leaf: Certificate,
  intermediates: readonly Certificate[],
  { compiled, query, peer, examined }: SectionInput,
): readonly Section[] {
  const { trust, policy } = compiled
  const paths = examined?.result
  return [
    ...certificateSections([leaf, ...intermediates], query),
    { title: 'Who signed it', steps: issuerSteps(leaf, intermediates, trust) },
    ...(examined === undefined ? [] : [attemptSection(examined, trust.limits)]),
    ...(paths === undefined ? [] : pathSections(paths, policy, query.at)),
    ...(paths === undefined ? [] : revocationSections(paths, policy.revocation, query)),
    ...(paths?.ok === true ? checkSections(paths.value) : []),
    ...denialSections(peer, policy.denied),
    validitySection(leaf, policy, query),
  ]
}

function asJson(
  { sections, decision, routeMatch, certificates, timeliness }: Report,
  query: ExplainQuery,
): unknown {
  const why = decision?.kind === 'refuse' ? explainRefusal(decision.why) : undefined
  const path = decision?.kind === 'admit' ? vouchedFor(decision)?.path : undefined
  return {
    verdict: decision?.kind === 'admit' ? 'admit' : 'refuse',
    code:
      decision === undefined
        ? routeMatch?.ok === false && routeMatch.failure.kind
        : decision.kind === 'admit'
          ? decision.basis.kind
          : why?.code,
    sentence: why?.sentence,
    next_step: why?.nextStep,
    at: isoText(query.at),
    timeliness,
    findings: path === undefined ? undefined : findingCodes(path.findings),
    listener: query.listener.config.name,
    route: routeMatch?.ok === true ? routeFacts(routeMatch.value) : undefined,
    certificates: certificates.map((one) => ({
      subject: printName(one.subject),
      issuer: printName(one.issuer),
      serial: one.serial,
      not_before: isoText(one.notBefore),
      not_after: isoText(one.notAfter),
      key: one.publicKey.fingerprint,
      fingerprint: one.fingerprint,
    })),
    steps: sections,
  }
}

const routeFacts = ({ id, class: kind, sensitive, endpoint }: RouteRow) => ({
  id,
  class: kind,
  sensitive,
  ...(endpoint === undefined ? {} : { endpoint }),
})
