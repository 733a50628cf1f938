/** Every sound path held against standing, deny list and time; or why there is none. */
import { explain } from '../../decide/explain-refusal.ts'
import { FINDING_EXPLANATIONS } from '../../decide/explain-trust-finding.ts'
import { judgePath } from '../../decide/judge-path.ts'
import type { Policy, Standing } from '../../decide/policy.ts'
import { type Instant, unreachable } from '../../kernel/types.ts'
import { findingsOn } from '../../trust/finding.ts'
import type { PathResult, SoundPath } from '../../trust/validate.ts'
import { dayText } from '../format-time.ts'
import { no, note, type Section, type Step, yes } from './report.ts'
import { name, validity } from './certificates.ts'

/** One section per sound path, or one that says why there is none. */
export function pathSections(paths: PathResult, policy: Policy, now: Instant): readonly Section[] {
  if (!paths.ok) {
    const { code } = explain(paths.failure)
    return [{ title: 'Paths to a trust anchor', steps: [no(`no sound path: ${code}`)] }]
  }
  return paths.value.map((path, index) => ({
    title: paths.value.length === 1 ? 'The path' : `Path ${index + 1} of ${paths.value.length}`,
    steps: pathSteps(path, policy, now),
  }))
}

function pathSteps(path: SoundPath, policy: Policy, now: Instant): readonly Step[] {
  const { certificates, anchor } = path
  const all = [...certificates, anchor.certificate]
  const findings = findingsOn(certificates, anchor)
  const verdict = judgePath(path, policy, now)
  return [
    yes('sound: signatures, names, constraints and purpose hold', all.map(name).join(' < ')),
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
      return (timely ? yes : no)(`${name(certificate)}: ${validity(certificate, now)}`)
    }),
    ...(verdict.kind === 'timely' ? [] : [no(`this path by itself: ${verdict.kind}`)]),
  ]
}

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
