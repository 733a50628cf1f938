/** What the front end that serves says: its admin API is asked. */
import type { Static } from 'typebox'
import type { accountShape } from '../../admin/routes/explain/shapes.ts'
import { fail, isoText, ok, type Result } from '../../kernel/types.ts'
import { pemOf } from '../../x509/pem.ts'
import { findDeviceId } from '../admin/devices.ts'
import type { CommandContext } from '../admin/command-context.ts'
import { readCertificates } from '../certificate-file.ts'
import type { ExitCode } from '../exit-code.ts'
import { EXIT } from '../exit-code.ts'
import { printFaults } from '../load-configuration.ts'
import type { Asked, AskedSubject } from './arguments.ts'

/** An account as the admin API answers it. */
export type ShownAccount = Static<typeof accountShape>

/** Asks it; what went wrong has been told where there is no account. */
export async function explainRunning(
  { subject, circumstances }: Asked,
  context: CommandContext,
): Promise<Result<ShownAccount, ExitCode>> {
  const asked = await askedOf(subject, context)
  if (!asked.ok) return asked
  const { listener, at, request, userAgent, from } = circumstances
  const body = {
    ...asked.value,
    listener,
    path: request?.target,
    method: request?.method,
    host: request?.host,
    user_agent: userAgent,
    from,
    at: at === undefined ? undefined : isoText(at),
  }
  const answered = await context.request<ShownAccount>({
    method: 'POST',
    path: '/api/explain',
    body,
  })
  return answered.ok ? ok(answered.value.body) : answered
}

async function askedOf(
  subject: AskedSubject,
  context: CommandContext,
): Promise<Result<Readonly<Record<string, string>>, ExitCode>> {
  if (subject.kind === 'reference') return ok({ reference: subject.reference })
  if (subject.kind === 'device') {
    const device = await findDeviceId(context, subject.word)
    return device.ok ? ok({ device: device.value }) : device
  }
  const ders = readCertificates(subject.path)
  if (ders.ok) return ok({ certificate: ders.value.map((der) => pemOf(der)).join('') })
  printFaults([ders.failure], context.terminal)
  return fail(EXIT.no)
}
