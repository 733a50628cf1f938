/** `tfe upstream scan NAME`: what each server accepts. */
import { countText } from '../../kernel/count-text.ts'
import {
  scanServer,
  type OfferResult,
  type ScannedProtocol,
  type ScanReport,
} from '../../forward/diagnose/scan-server.ts'
import { jsonText } from '../json-text.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { type Row, twoColumns, replaceControlCharacters } from '../text-layout.ts'
import type { Terminal } from '../terminal.ts'
import type { CommandEnvironment } from '../command-environment.ts'
import type { Invocation } from '../command.ts'
import { findTargetServers } from './called-servers.ts'

/** Scans; the exit code is 0 when every server accepts something. */
export async function scan(
  invocation: Invocation,
  environment: CommandEnvironment,
): Promise<ExitCode | string> {
  const called = await findTargetServers(invocation, environment)
  if (!called.ok) return called.failure
  const { terminal } = environment
  const { name, servers, identity } = called.value
  const plain = servers.find(({ plan }) => plan.context === undefined)
  if (plain !== undefined) return `${name} is called without TLS: there is nothing to scan`
  const reports: ScanReport[] = []
  for (const { name: server, plan } of servers) {
    const say = progress(server, terminal)
    reports.push(
      await scanServer(plan, {
        identity,
        concurrency: CONCURRENCY,
        maxConnections: MAX_CONNECTIONS,
        timeout: plan.settings.limits.connect,
        onProgress: (connections, doing) =>
          say(`${countText(connections, 'connection')}, ${doing}`),
      }),
    )
    say('')
  }
  terminal.out(
    invocation.options.has('json')
      ? jsonText(reports)
      : reports.map((report) => scanReportText(report, terminal)).join('\n'),
  )
  return reports.every(acceptsSomething) ? EXIT.ok : EXIT.no
}

/** One line that is written over where a person watches, and nothing elsewhere. */
function progress(server: string, { err, interactive }: Terminal): (doing: string) => void {
  if (!interactive) return () => {}
  // Spaces, not an escape sequence: NO_COLOR wants none, whatever it does.
  let shown = 0
  return (doing) => {
    const line = doing === '' ? '' : `${server}: ${doing}`
    err(`\r${line.padEnd(shown)}${doing === '' ? '\r' : ''}`)
    shown = line.length
  }
}

/** Whether a server can be talked to in any way. */
export const acceptsSomething = ({ protocols }: ScanReport): boolean =>
  protocols.some(
    ({ withSni, withoutSni }) => withSni?.kind === 'accepted' || withoutSni.kind === 'accepted',
  )

/** A report for people. */
export function scanReportText(report: ScanReport, { paint }: Terminal): string {
  const { server, sni, protocols, groups, connections, complete } = report
  const rows = protocols.flatMap((one) => protocolRows(one, sni))
  return [
    `${paint('bold', server)}: ${countText(connections, 'connection')}${complete ? '' : ', not complete: the bound was reached'}`,
    ...twoColumns(rows),
    ...twoColumns([['groups', groups.length === 0 ? 'none' : groups.join(', ')]]),
    '',
  ].join('\n')
}

function protocolRows(
  { protocol, withSni, withoutSni, suites }: ScannedProtocol,
  sni: string | undefined,
): readonly Row[] {
  const bare = `without SNI ${answerText(withoutSni)}`
  const both = withSni === undefined ? bare : `with SNI ${sni} ${answerText(withSni)}; ${bare}`
  const differ =
    withSni?.kind === 'accepted' &&
    withoutSni.kind === 'accepted' &&
    withSni.fingerprint !== withoutSni.fingerprint
  return [
    [protocol, both],
    ...(differ
      ? [
          [
            '',
            `another certificate without SNI: ${replaceControlCharacters(withoutSni.names.join(', '))}`,
          ] as const,
        ]
      : []),
    ...suites.map((suite) => ['', suite] as const),
  ]
}

function answerText(answer: OfferResult): string {
  switch (answer.kind) {
    case 'accepted':
      return 'accepted'
    case 'refused': {
      const { failure } = answer
      const alert = failure.kind === 'tls-handshake' ? failure.alert : undefined
      return `refused (${alert ?? failure.kind})`
    }
    case 'not-tried':
      return 'not tried'
  }
}

/** Few enough for a server that counts connections, enough to be done in seconds. */
const CONCURRENCY = 4
/** A server that takes everything costs some 80; beyond twice that something does not end. */
const MAX_CONNECTIONS = 200
