/** `tfe upstream test NAME`: one connection to each server, and everything that can be said about it. */
import type { CertificateReport } from '../../forward/connect/shown-certificate.ts'
import {
  checkText,
  testServer,
  type TestReport,
  type TlsFacts,
} from '../../forward/diagnose/test-server.ts'
import { jsonText } from '../json-text.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { type Row, twoColumns, replaceControlCharacters } from '../text-layout.ts'
import type { Terminal } from '../terminal.ts'
import type { CommandEnvironment } from '../command-environment.ts'
import type { Invocation } from '../command.ts'
import { findTargetServers } from './called-servers.ts'

/** Tests; the exit code is 0 when requests would be carried by every server. */
export async function test(
  invocation: Invocation,
  environment: CommandEnvironment,
): Promise<ExitCode | string> {
  const called = await findTargetServers(invocation, environment)
  if (!called.ok) return called.failure
  const reports: TestReport[] = []
  const { servers, http } = called.value
  for (const { plan } of servers) reports.push(await testServer(plan, { http }))
  const { terminal } = environment
  terminal.out(
    invocation.options.has('json')
      ? jsonText(reports)
      : reports.map((report) => testReportText(report, terminal)).join('\n'),
  )
  return reports.every(({ usable }) => usable) ? EXIT.ok : EXIT.no
}

/** A report for people. */
export function testReportText(report: TestReport, { paint, signs }: Terminal): string {
  const { server, tls, failures, usable, sni, duration } = report
  const verdict = usable
    ? `${paint('good', signs.yes)} ${server}: requests would be carried`
    : `${paint('bad', signs.no)} ${server}: no request would be carried`
  const rows: readonly Row[] =
    tls === undefined
      ? []
      : [
          ['protocol', tls.protocol],
          ['cipher suite', twice(tls.suite, tls.standardSuite)],
          ['group', tls.group ?? 'none'],
          ['server name sent', sni ?? 'none'],
          ['hostname', checkText(tls.hostname)],
          ['trust', trustText(tls)],
          ['pins', checkText(tls.pins)],
          ['client certificate', clientCertificateText(tls)],
          ['time', `${duration} ms`],
        ]
  return [
    verdict,
    ...twoColumns(rows),
    ...(tls?.chain ?? []).flatMap(certificateText),
    ...failures.flatMap(({ code, sentence, nextStep }) => [
      `  ${paint(usable ? 'warn' : 'bad', code)}: ${replaceControlCharacters(sentence)}`,
      `    ${replaceControlCharacters(nextStep)}`,
    ]),
    '',
  ].join('\n')
}

function trustText({ trust, alone }: TlsFacts): string {
  if (alone === undefined) return checkText(trust)
  return `${checkText(trust)}, by a path that the TLS library did not find by itself (${replaceControlCharacters(alone)}): other clients may refuse it, so have the server send that path alone`
}

function clientCertificateText({ clientCertificate, answered }: TlsFacts): string {
  if (clientCertificate === 'not-asked') return 'not asked for'
  const what = clientCertificate === 'shown' ? 'asked for, and shown' : 'asked for, and none shown'
  return answered === undefined ? what : `${what}; GET / was answered ${answered}`
}

const twice = (one: string, other: string): string => (one === other ? one : `${one} (${other})`)

function certificateText(one: CertificateReport, index: number): readonly string[] {
  const rows: readonly Row[] = [
    ['issued by', replaceControlCharacters(one.issuer)],
    ...(index === 0 ? [['for', replaceControlCharacters(one.names.join(', '))] as const] : []),
    ['valid', `${one.notBefore} to ${one.notAfter}`],
    ['key', one.key],
    ['pin', one.pin],
  ]
  const place = one.onPath ? '' : ' (signed nothing here: the server need not send it)'
  return [
    `  certificate ${index + 1}: ${replaceControlCharacters(one.subject)}${place}`,
    ...twoColumns(rows).map((line) => `  ${line}`),
  ]
}
