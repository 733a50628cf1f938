/**
 * A7: `enforcement` in the file and the latch in the store are two things, and every place that says what is in force
 * says the same, and which of the two it is.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tfe } from '../../support/cli/run-command.ts'
import { syncListeners } from '../../support/front-ends/product-with-tunnels.ts'
import { fleet } from '../../support/front-ends/product.ts'
import type { Scene } from '../case.ts'
import { frontEnd, type FrontEnd, type FrontEndOptions } from '../front-end.ts'
import { requireCertificates } from './endpoints.ts'

type Line = 'recording' | 'required' | undefined

/** A file with this line, or with none, and a store that outlives the front end. */
const optionsOf = (store: string, line: Line): FrontEndOptions => ({
  store,
  yaml: {
    listeners: syncListeners('{ upstream: mdm }'),
    ...(line === undefined ? {} : { enforcement: ` ${line}` }),
  },
})

interface InForce {
  readonly state: string
  readonly said_by: string
  readonly latched: boolean
}

const shown = ({ state, said_by: saidBy, latched }: InForce): string =>
  `${state} by ${saidBy}${latched ? ' for good' : ''}`

/** What each place says that knows it: the API, the status, the metric, the command and the file's check. */
async function told(on: FrontEnd): Promise<string> {
  const { enforcement } = (await on.call('GET', '/api/enforcement')).body as {
    readonly enforcement: InForce
  }
  const status = (await on.call('GET', '/api/status')).body as { readonly enforcement: InForce }
  const metric = /^tfe_certificates_required\{said_by="([a-z]+)"\} ([01])$/mu.exec(
    await on.text('/metrics'),
  )
  const all = [shown(enforcement), shown(status.enforcement)]
  const same = all.every((one) => one === all[0]) ? all[0] : all.join(' or ')
  return `${same}, metric ${metric?.[1]} ${metric?.[2]}`
}

/** What an unknown device meets, and what is said of it. */
const seenBy = async (on: FrontEnd): Promise<string> =>
  `${await on.status(fleet.unknown)}, ${await told(on)}`

const refusals = async (on: FrontEnd): Promise<string> => {
  const oauth = await on.call('POST', '/api/oauth', { change: 'enable-new' })
  const port = await on.call('POST', '/api/sync-port/close', { force: true })
  return [oauth, port]
    .map(({ status, body }) => `${status} ${(body as { readonly code?: string }).code ?? 'done'}`)
    .join(', ')
}

async function play(): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-cases-'))
  const store = join(folder, 'tfe.sqlite')
  const seen: string[] = []
  {
    await using on = await frontEnd(optionsOf(store, 'recording'))
    seen.push(await seenBy(on))
    const kind = await on.reload(optionsOf(store, 'required'))
    seen.push(`${kind}, ${await on.status(fleet.unknown)}`)
  }
  {
    await using on = await frontEnd(optionsOf(store, 'required'))
    seen.push(await seenBy(on), await refusals(on))
    const kind = await on.reload(optionsOf(store, 'recording'))
    seen.push(`${kind}, ${await seenBy(on)}`)
    await requireCertificates(on)
    seen.push(await seenBy(on), await refusals(on))
    const { code, out } = await tfe(['check', join(on.product.folder, 'tfe.yaml')])
    seen.push(`exit ${code}, ${/required for good/u.test(out) ? 'required for good' : 'not said'}`)
  }
  await using on = await frontEnd(optionsOf(store, undefined))
  seen.push(await seenBy(on))
  rmSync(folder, { recursive: true, force: true })
  return seen
}

export const ENFORCEMENT: readonly Scene[] = [
  {
    cases: [
      {
        id: 'A7',
        what: 'control: while the file records, an unknown device is admitted and every place says so',
        expected: '200, recording by file, metric file 0',
      },
      {
        id: 'A7',
        what: 'required in the file refuses a reload of a store that records',
        expected: 'refused, 200',
      },
      {
        id: 'A7',
        what: 'required in the file holds at a start, and no place takes it for the latch',
        expected: '403, required by file, metric file 1',
      },
      {
        id: 'A7',
        what: 'the new OAuth endpoint and the closing of the sync port ask for the latch',
        expected: '409 required-by-file-alone, 409 required-by-file-alone',
      },
      {
        id: 'A7',
        what: 'required in the file ends with its line',
        expected: 'applied, 200, recording by file, metric file 0',
      },
      {
        id: 'A7',
        what: 'the latch holds against a file that records, and every place says so',
        expected: '403, required by latch for good, metric latch 1',
      },
      {
        id: 'A7',
        what: 'once it is thrown, what asked for it can be done',
        expected: '409 sync-port-open, 200 done',
      },
      {
        id: 'A7',
        what: 'a check of a file that records says that the store requires certificates for good',
        expected: 'exit 0, required for good',
      },
      {
        id: 'A7',
        what: 'the latch holds where the file says nothing',
        expected: '403, required by latch for good, metric latch 1',
      },
    ],
    play: async () => (await play()).map((seen) => ({ seen })),
  },
]
