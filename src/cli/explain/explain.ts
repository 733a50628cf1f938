/**
 * `tfe explain`: a certificate judged as the running front end would judge it, with every step said aloud.
 */
import type { RouteRow } from '../../config/config.ts'
import {
  decide,
  type Decision,
  type Peer,
  timelinessOfPeer,
  vouchedFor,
} from '../../decide/decide.ts'
import { explain as explainRefusal } from '../../decide/explain.ts'
import type { Timeliness } from '../../decide/timeliness.ts'
import { isoText, type Result } from '../../kernel/types.ts'
import type { World } from '../../state/world.ts'
import { findingCodes } from '../../trust/finding.ts'
import { examine, type Examination } from '../../trust/judge.ts'
import {
  parseCertificate,
  type Certificate,
  type CertificateFault,
} from '../../x509/certificate.ts'
import { printName } from '../../x509/print-name.ts'
import { readCertificates } from '../certificate-file.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { accountText, no, type Section } from './report.ts'
import { approvalSections } from './approval.ts'
import { attemptSection } from './attempts.ts'
import { certificateSections } from './certificates.ts'
import { checkSections } from './checks.ts'
import { denialSections } from './denials.ts'
import { endpointSections } from './endpoint.ts'
import { issuerSteps } from './issuers.ts'
import { lifeSection } from './validity.ts'
import { withLists } from './lists.ts'
import { matchSections } from './match.ts'
import { pathSections } from './paths.ts'
import { parseQuestion, type Question } from './arguments.ts'
import { revocationSections } from './revocation.ts'
import {
  askOf,
  classesSection,
  type Meeting,
  meetingOf,
  routeSection,
  verdictSection,
} from './verdicts.ts'
import { faultLine, loadWorld } from '../load-world.ts'
import type { Terminal } from '../terminal.ts'

/** Prints the account; a string says what was wrong with the question. */
export async function explain(
  file: string,
  options: ReadonlyMap<string, string>,
  {
    terminal,
    env,
  }: {
    readonly terminal: Terminal
    readonly env: Readonly<Record<string, string | undefined>>
  },
): Promise<ExitCode | string> {
  const loaded = await loadWorld(options.get('config') ?? '', env)
  if (!loaded.ok) {
    terminal.err(loaded.failure.map((fault) => `${faultLine(fault)}\n`).join(''))
    return EXIT.no
  }
  const { world } = loaded.value
  const question = parseQuestion(options, world)
  if (!question.ok) return question.failure
  const octets = await readCertificates(file)
  if (!octets.ok) {
    terminal.err(`tfe: ${octets.failure}\n`)
    return EXIT.no
  }
  const heard = await withLists(world, question.value.at)
  const found = judged(octets.value, heard.world, question.value)
  const account = { ...found, sections: [...heard.sections, ...found.sections] }
  terminal.out(
    options.has('json')
      ? `${JSON.stringify(asJson(account, question.value), undefined, 2)}\n`
      : accountText(account.sections, terminal),
  )
  return account.admitted ? EXIT.fine : EXIT.no
}

/** The judgement and everything that was seen on the way. */
interface Account {
  readonly sections: readonly Section[]
  readonly admitted: boolean
  /** Undefined when the path was turned away before the device was asked. */
  readonly decision: Decision | undefined
  readonly meeting: Meeting | undefined
  readonly certificates: readonly Certificate[]
  readonly timeliness: Timeliness | undefined
}

function judged(
  [first, ...others]: readonly [Buffer, ...Buffer[]],
  world: World,
  question: Question,
): Account {
  const leaf = parseCertificate(first)
  // As on a connection: an intermediate that cannot be read is as good as not sent.
  const intermediates = others
    .map((der) => parseCertificate(der))
    .flatMap((one) => (one.ok ? [one.value] : []))
  const meeting = meetingOf(question)
  const { peer, examined } = judgement(leaf, intermediates, world)
  const seen = leaf.ok
    ? about(leaf.value, intermediates, { world, question, peer, examined })
    : [{ title: "The device's certificate", steps: [no('cannot be read')] }]
  const certificates = leaf.ok ? [leaf.value, ...intermediates] : []
  const timeliness = timelinessOfPeer(peer, world.policy, question.at)
  if (meeting?.ok === false) {
    const sections = [...seen, routeSection(question, meeting)]
    return { sections, admitted: false, decision: undefined, meeting, certificates, timeliness }
  }
  const row = meeting?.value
  const decision = decide(askOf(peer, row, { world, question }), world.policy, question.at)
  const verdict =
    meeting === undefined
      ? [classesSection(peer, world, question)]
      : [
          routeSection(question, meeting),
          ...matchSections(peer, row?.match),
          verdictSection(decision, row, { world, question }),
        ]
  const changes = [
    ...approvalSections(peer, row, { world, question }),
    ...endpointSections(peer, row, { world, question }),
  ]
  return {
    sections: [...seen, ...verdict, ...changes],
    admitted: decision.kind === 'admit',
    decision,
    meeting,
    certificates,
    timeliness,
  }
}

/** As on a connection, with everything that was tried beside the answer. */
function judgement(
  leaf: Result<Certificate, CertificateFault>,
  intermediates: readonly Certificate[],
  { trust }: World,
): { readonly peer: Peer; readonly examined: Examination | undefined } {
  if (!leaf.ok) return { peer: { kind: 'unreadable', fault: leaf.failure }, examined: undefined }
  const examined = examine({ leaf: leaf.value, intermediates }, trust, 'client')
  return { peer: { kind: 'presented', leaf: leaf.value, paths: examined.result }, examined }
}

interface Seen {
  readonly world: World
  readonly question: Question
  readonly peer: Peer
  readonly examined: Examination | undefined
}

function about(
  leaf: Certificate,
  intermediates: readonly Certificate[],
  { world, question, peer, examined }: Seen,
): readonly Section[] {
  const { trust, policy } = world
  const paths = examined?.result
  return [
    ...certificateSections([leaf, ...intermediates], question.at),
    { title: 'Who signed it', steps: issuerSteps(leaf, intermediates, trust) },
    ...(examined === undefined ? [] : [attemptSection(examined, trust.limits)]),
    ...(paths === undefined ? [] : pathSections(paths, policy, question.at)),
    ...(paths === undefined ? [] : revocationSections(paths, policy.revocation, question.at)),
    ...(paths?.ok === true ? checkSections(paths.value) : []),
    ...denialSections(peer, policy.denied),
    lifeSection(leaf, policy, question.at),
  ]
}

function asJson(
  { sections, decision, meeting, certificates, timeliness }: Account,
  question: Question,
): unknown {
  const why = decision?.kind === 'refuse' ? explainRefusal(decision.why) : undefined
  const path = decision?.kind === 'admit' ? vouchedFor(decision)?.path : undefined
  return {
    verdict: decision?.kind === 'admit' ? 'admit' : 'refuse',
    code:
      decision === undefined
        ? meeting?.ok === false && meeting.failure.kind
        : decision.kind === 'admit'
          ? decision.basis.kind
          : why?.code,
    sentence: why?.sentence,
    next_step: why?.nextStep,
    at: isoText(question.at),
    timeliness,
    findings: path === undefined ? undefined : findingCodes(path.findings),
    listener: question.listener.config.name,
    route: meeting?.ok === true ? routeFacts(meeting.value) : undefined,
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
