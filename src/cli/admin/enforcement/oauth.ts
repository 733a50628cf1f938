/** `tfe oauth`: the endpoints that give tokens, the new one and the legacy one. */
import type { CommandResult } from '../../command-environment.ts'
import { formatFacts, sentenceText, type View } from '../../table.ts'
import type { CommandContext } from '../command-context.ts'
import { confirmAll } from '../confirm.ts'
import { printPreview } from '../preview/preview.ts'

interface OAuthItem {
  readonly new: string
  readonly legacy: string
  readonly unmet: readonly { readonly code: string; readonly text: string }[]
  readonly warnings: readonly string[]
  readonly rows: readonly {
    readonly endpoint: string
    readonly listener: string
    readonly row: string
  }[]
}

type OAuthAction = (context: CommandContext) => Promise<CommandResult>
export const enableNew: OAuthAction = (context) => oauthChange(context, 'enable-new')
export const disableNew: OAuthAction = (context) => oauthChange(context, 'disable-new')
export const enableLegacy: OAuthAction = (context) => oauthChange(context, 'enable-legacy')

export const oauthStatus: OAuthAction = (context) => context.show(OAUTH, oauthLines)

const oauthLines = (it: OAuthItem, view: View): readonly string[] => [
  ...formatFacts(
    [
      ['new endpoint', it.new],
      ['new endpoint rows', oauthRowsText(it, 'new')],
      ['legacy endpoint', it.legacy],
      ['legacy endpoint rows', oauthRowsText(it, 'legacy')],
    ],
    view,
  ),
  ...it.unmet.map(({ text }) => sentenceText(`- ${text}`, view)),
  ...it.warnings.map((text) => sentenceText(`- warning: ${text}`, view)),
]

/** The rows of an endpoint; without one its state has no effect. */
const oauthRowsText = ({ rows }: OAuthItem, which: string): string =>
  rows
    .filter(({ endpoint }) => endpoint === which)
    .map(({ row, listener }) => `${row} (listener ${listener})`)
    .join(', ') || 'none in the configuration: it is served nowhere'

const OAUTH = '/api/oauth'
const oauthChange = (context: CommandContext, change: string, confirmations = 0) =>
  context.options.has('dry-run')
    ? printPreview(context, `${OAUTH}/preview`, { change })
    : context.change(
        OAUTH,
        { method: 'POST', path: OAUTH, body: { change, confirmations } },
        oauthLines,
      )

export async function disableLegacy(context: CommandContext): Promise<CommandResult> {
  if (context.options.has('dry-run')) return await oauthChange(context, 'disable-legacy')
  const may = await confirmAll(context, [
    'clients that have no certificate get no token any more, the watchOS app among them',
    'clients that depend on the legacy endpoint are locked out as soon as this is done',
  ])
  return may === true ? oauthChange(context, 'disable-legacy', 2) : may
}
