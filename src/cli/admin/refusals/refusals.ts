/** `tfe why` and `tfe refusals`: where a reference leads. */
import type { CommandResult } from '../../command-environment.ts'
import { findDeviceId } from '../devices.ts'
import {
  formatFacts,
  formatTable,
  sentenceText,
  timeCell,
  wholeCell,
  type View,
} from '../../table.ts'
import {
  nextPageHint,
  pathSegment,
  queryOf,
  type CommandContext,
  type Page,
} from '../command-context.ts'

interface RefusalItem {
  readonly reference: string
  readonly at: string
  readonly outcome: string
  readonly code: string
  readonly reason: string
  readonly next_step: string | null
  readonly command: string | null
  readonly status: number | null
  readonly listener: string
  readonly route: string | null
  readonly method: string | null
  readonly path: string | null
  readonly address: string
  readonly device: string | null
  readonly certificate: RefusedCertificate | null
  readonly instance: string
}

interface RefusedCertificate {
  readonly fingerprint: string
  readonly key: string
  readonly subject: string
  readonly issuer: string
  readonly serial: string
  readonly not_before: string
  readonly not_after: string
  readonly setting: string | null
}

/** Prints why: the reason first, and what to do last. */
export const why = (context: CommandContext): Promise<CommandResult> =>
  // A reference is copied out of a mail or a screen: its case, and blanks around it, mean nothing.
  context.show<RefusalItem>(
    `/api/refusals/${pathSegment(context.argument(0).trim().toLowerCase())}`,
    whyLines,
  )

const whyLines = (it: RefusalItem, view: View): readonly string[] => [
  `${sentenceText(it.reason, view)} (${it.code})`,
  '',
  ...formatFacts(
    [
      ['reference', it.reference],
      ['when', timeCell(it.at)],
      ['the device saw', sawText(it)],
      ['request', it.method === null ? null : `${it.method} ${it.path ?? ''}`],
      ['row', it.route],
      ['listener', it.listener],
      ['address', it.address],
      ['device', it.device],
      ...certificateFacts(it.certificate),
      ['log of', it.instance],
    ],
    view,
  ),
  '',
  ...(it.next_step === null ? [] : [`next: ${sentenceText(it.next_step, view)}`]),
  ...(it.command === null ? [] : [`run:  ${it.command}`]),
]

function certificateFacts(
  it: RefusedCertificate | null,
): readonly (readonly [string, string | ReturnType<typeof timeCell> | null])[] {
  if (it === null) return [['certificate', 'none was shown']]
  return [
    ['certificate', it.subject],
    ['issuer', it.issuer],
    ['serial', it.serial],
    ['valid from', timeCell(it.not_before)],
    ['valid to', timeCell(it.not_after)],
    ['fingerprint', it.fingerprint],
    ['key', it.key],
    ['enrollment setting', it.setting],
  ]
}

const sawText = ({ status }: RefusalItem): string =>
  status === null ? 'a closed connection' : `${status} and the reference`

/** Lists refusals. */
export async function refusals(context: CommandContext): Promise<CommandResult> {
  const word = context.options.get('device')
  const device = word === undefined ? undefined : await findDeviceId(context, word)
  if (device?.ok === false) return device.failure
  const names = [
    'reference',
    'device',
    'key',
    'code',
    'listener',
    'address',
    'outcome',
    'since',
    'until',
    'limit',
    'after',
  ]
  const heads = ['WHEN', 'REFERENCE', 'CODE', 'LISTENER', 'ADDRESS', 'SUBJECT']
  const meant = device === undefined ? [] : ([['device', device.value]] as const)
  const path = `/api/refusals${queryOf(new Map([...context.options, ...meant]), names)}`
  return await context.show<Page<RefusalItem>>(path, ({ items, next }, view) => {
    const rows = items.map((it) => [
      timeCell(it.at),
      wholeCell(it.reference),
      it.code,
      it.listener,
      it.address,
      it.certificate?.subject ?? null,
    ])
    return [...formatTable(heads, rows, view), ...nextPageHint(next)]
  })
}
