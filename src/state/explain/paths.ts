/** Every sound path held against standing, deny list and time; or why there is none. */
import { FINDING_EXPLANATIONS } from '../../decide/explain-trust-finding.ts'
import { judgePath } from '../../decide/judge-path.ts'
import type { Standing } from '../../decide/policy.ts'
import { unreachable } from '../../kernel/types.ts'
import { findingsOn } from '../../trust/finding.ts'
import type { PathResult, SoundPath } from '../../trust/validate.ts'
import { dayText } from '../../kernel/time-text.ts'
import { no, note, type Section, type Step, type ToldPath, yes } from './account.ts'
import { toldCertificate, validity } from './certificates.ts'
import type { ExplainContext } from './context.ts'

/** One section per sound path, or one that says why there is none. */
export function pathSections(paths: PathResult, context: ExplainContext): readonly Section[] {
  if (!paths.ok) {
    // Of a certificate that is kept only the code is: no sentence can be made of it.
    const { kind: code } = paths.failure
    return [{ title: 'Paths to a trust anchor', steps: [no(`no sound path: ${code}`)] }]
  }
  return paths.value.map((path, index) => ({
    title: paths.value.length === 1 ? 'The path' : `Path ${index + 1} of ${paths.value.length}`,
    steps: pathSteps(path, context),
  }))
}

function pathSteps(
  path: SoundPath,
  { compiled, query, naming, isKept }: ExplainContext,
): readonly Step[] {
  const { policy } = compiled
  const now = query.at
  const { certificates, anchor } = path
  const all = [...certificates, anchor.certificate]
  // Of a certificate that is kept, what would be found in it is not.
  const findings = isKept ? [] : findingsOn(certificates, anchor)
  const verdict = judgePath(path, policy, now)
  return [
    yes(isKept ? SOUND_WHEN_SEEN : SOUND, all.map(naming).join(' < ')),
    ...findings.map((finding) =>
      note(
        `departs harmlessly from RFC 5280: ${findingText(finding)}`,
        FINDING_EXPLANATIONS[finding.kind],
        `in ${finding.subject}`,
      ),
    ),
    standingStep(anchor.setting, policy.standings.get(anchor.setting)),
    ...all.map((certificate) => {
      const timely = now >= certificate.notBefore && now <= certificate.notAfter
      return (timely ? yes : no)(`${naming(certificate)}: ${validity(certificate, now)}`)
    }),
    ...(verdict.kind === 'timely' ? [] : [no(`this path by itself: ${verdict.kind}`)]),
  ]
}

const SOUND = 'sound: signatures, names, constraints and purpose hold'
const SOUND_WHEN_SEEN =
  'sound: its CA had signed it when the device showed it, and the CA leads here'

/** The paths for programs. */
export const toldPaths = (
  paths: PathResult,
  { compiled, query }: ExplainContext,
): readonly ToldPath[] =>
  paths.ok
    ? paths.value.map((path) => ({
        setting: path.anchor.setting,
        certificates: [...path.certificates, path.anchor.certificate].map(toldCertificate),
        worth: judgePath(path, compiled.policy, query.at).kind,
      }))
    : []

const findingText = (finding: ReturnType<typeof findingsOn>[number]): string =>
  (finding.kind === 'lax-encoding' ? `encoding, ${finding.laxity}` : finding.kind).replaceAll(
    '-',
    ' ',
  )

function standingStep(setting: string, standing: Standing | undefined): Step {
  if (standing === undefined) return no(`the enrollment setting ${setting} is gone`)
  switch (standing.kind) {
    case 'current':
      return yes(`the enrollment setting ${setting} is current`)
    case 'staged':
    case 'distrusted':
      return no(`the enrollment setting ${setting} is ${standing.kind}`)
    case 'previously-trusted': {
      const { retiredAt, sunset } = standing
      const end = sunset === undefined ? '' : `, until its sunset on ${dayText(sunset)}`
      return note(
        `the enrollment setting ${setting} is previously trusted: counts what it issued up to ${dayText(retiredAt)}${end}`,
      )
    }
    default:
      return unreachable(standing)
  }
}
