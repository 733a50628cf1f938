/** `tfe upstream-tls test` and `scan`: a running front end calls an upstream, with its draft or with what is applied. */
import type { ScanReport } from '../../../forward/diagnose/scan-server.ts'
import type { TestReport } from '../../../forward/diagnose/test-server.ts'
import type { CommandResult } from '../../command-environment.ts'
import { EXIT } from '../../exit-code.ts'
import type { Terminal } from '../../terminal.ts'
import { replaceControlCharacters } from '../../text-layout.ts'
import { acceptsSomething, scanReportText } from '../../upstream/scan.ts'
import { testReportText } from '../../upstream/test.ts'
import type { CommandContext } from '../command-context.ts'
import { upstreamPath } from './settings.ts'

/** Connects once to each server; the exit code is 0 when requests would be carried by every one. */
export const test = (context: CommandContext): Promise<CommandResult> =>
  call<TestReport>(context, 'test', { textOf: testReportText, isFine: ({ usable }) => usable })

/** Finds out what each server accepts; the exit code is 0 when every one accepts something. */
export const scan = (context: CommandContext): Promise<CommandResult> =>
  call<ScanReport>(context, 'scan', { textOf: scanReportText, isFine: acceptsSomething })

interface Called<Report> {
  readonly settings: 'applied' | 'draft'
  readonly reports: readonly Report[]
}

interface Reading<Report> {
  readonly textOf: (report: Report, terminal: Terminal) => string
  readonly isFine: (report: Report) => boolean
}

async function call<Report>(
  context: CommandContext,
  verb: string,
  { textOf, isFine }: Reading<Report>,
): Promise<CommandResult> {
  const { options, terminal } = context
  const server = options.get('server')
  const response = await context.request<Called<Report>>({
    method: 'POST',
    path: upstreamPath(context, `/${verb}`),
    body: {
      ...(server === undefined ? {} : { server }),
      ...(options.has('applied') ? { settings: 'applied' } : {}),
    },
    timeout: CALL_MS,
  })
  if (!response.ok) return response.failure
  const { body } = response.value
  const { settings, reports } = body
  context.print(body, [
    settings === 'draft' ? 'called with the draft' : 'called with what is applied',
    '',
    ...reports
      .flatMap((report) => textOf(harmless(report), terminal).split('\n'))
      .slice(0, -1)
      .map((painted) => ({ painted })),
  ])
  return reports.every(isFine) ? EXIT.ok : EXIT.no
}

/** What servers wrote into their certificates, as it may be shown. */
const harmless = <Report>(report: Report): Report =>
  JSON.parse(JSON.stringify(report), (_, value: unknown) =>
    typeof value === 'string' ? replaceControlCharacters(value) : value,
  ) as Report

/** Above what the API takes for a scan. */
const CALL_MS = 200_000
