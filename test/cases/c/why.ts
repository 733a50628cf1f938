/** C3: where a reference leads. */
import { connect } from 'node:tls'
import { claimPort } from '../../support/ports/claim-port.ts'
import type { Leaf } from '../../support/certificates/mint.ts'
import { clientTls, fleet } from '../../support/front-ends/product.ts'
import { answerTo, referenceIn as toldReference } from '../../support/http/one-request.ts'
import { until } from '../../support/until.ts'
import type { Scene, Seen } from '../case.ts'
import { frontEnd, type FrontEnd } from '../front-end.ts'

const told = (on: FrontEnd, leaf?: Leaf, localAddress = '127.0.0.1'): Promise<string> =>
  answerTo('/device/x?token=hidden', { port: on.product.port, leaf, localAddress })

const referenceIn = (answer: string): string => toldReference(answer) ?? 'none'

/** What `tfe why` says, once the store has what was refused a moment ago. */
const why = async (on: FrontEnd, reference: string) =>
  await until(
    () => on.type('why', reference),
    ({ code }) => code === 0,
  )

const listener = (port: number): string => `
  devices:
    address: 127.0.0.1
    port: ${port}
    hosts: [localhost, 127.0.0.1]
    certificates:
      - { chain: 'file:server.pem', key: 'file:server.key' }
    routes: tested`

/** Whether the command says first what the log says, and the device was told nothing of it. */
async function leads(workers: number): Promise<readonly Seen[]> {
  const listeners = listener(await claimPort())
  await using on = await frontEnd({ workers, yaml: { listeners } })
  const seen: Seen[] = []
  for (const leaf of [undefined, fleet.unknown, fleet.beyondGrace]) {
    const answer = await told(on, leaf)
    const reference = referenceIn(answer)
    const { out } = await why(on, reference)
    const document = JSON.parse((await on.type('why', reference, '--json')).out) as {
      readonly code: string
      readonly reason: string
    }
    const [first = ''] = out.split('\n')
    // Times in it are told in the reader's own time zone.
    const beginning = document.reason.replace(/ [0-9]{4}-.*/u, '')
    const isFirst = first.startsWith(beginning) && first.endsWith(` (${document.code})`)
    const members = Object.keys(JSON.parse(answer.split('\r\n\r\n')[1] ?? '{}') as object)
    const leaks = [document.code, document.reason].filter((one) => answer.includes(one))
    const hidden = /hidden|token/u.test(JSON.stringify(document)) ? 'the query' : 'no query'
    seen.push({
      seen: `${isFirst ? 'the reason first' : out}, ${document.code}, ${hidden}; the device: ${members.join(' ')}${leaks.join()}`,
    })
  }
  return seen
}

const leadsScene = (workers: number): Scene => ({
  cases: (
    [
      ['no certificate', 'no-certificate'],
      ['a certificate of an unknown CA', 'untrusted-issuer'],
      ['a certificate that ended', 'expired-beyond-grace'],
    ] as const
  ).map(([what, code]) => ({
    id: 'C3',
    what: `the reference of ${what}, ${workers} worker${workers === 1 ? '' : 's'}`,
    expected: `the reason first, ${code}, no query; the device: type title status reference`,
  })),
  play: () => leads(workers),
})

/** More than the 500 of one half that a store of 1,000 keeps. */
const FLOOD = 700

/** Many refusals from one address, over one connection; gives their references. */
async function flood(on: FrontEnd, count: number): Promise<readonly string[]> {
  const socket = connect(clientTls(on.product.port))
  let text = ''
  const { promise, resolve } = Promise.withResolvers<void>()
  const request = 'GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n'
  let answered = 0
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
    const now = text.match(/"reference":"[^"]+"/gu)?.length ?? 0
    if (now === answered) return
    answered = now
    if (answered >= count) resolve()
    else socket.write(request)
  })
  socket.write(request)
  await promise
  socket.destroy()
  return [...text.matchAll(/"reference":"([^"]+)"/gu)].map(([, one = '']) => one)
}

async function flooded(): Promise<readonly Seen[]> {
  await using on = await frontEnd({ yaml: { refusals: ' { rows: 1000 }' } })
  // From the address of the flood; only what the front end knows of it tells the device apart.
  const known = referenceIn(await told(on, fleet.beyondGrace))
  const quiet = referenceIn(await told(on, undefined, '127.0.0.2'))
  await why(on, known)
  await why(on, quiet)
  const references = await flood(on, FLOOD)
  const count = async (name: string): Promise<number> => {
    const text = await on.text('/metrics')
    return Number(new RegExp(`^${name} (\\S+)$`, 'mu').exec(text)?.[1])
  }
  // Every one was written, or counted on the way.
  await until(
    async () =>
      (await count('tfe_refusals_kept_total')) +
      (await count('tfe_refusals_not_kept_total\\{share="other"\\}')),
    (all) => all >= FLOOD + 2,
  )
  const found = async (reference: string): Promise<string> => {
    const { code, err } = await on.type('why', reference)
    if (code === 0) return 'found'
    const counted = /(\d+) refusals with no-certificate from 127\.0\.0\.1 between/u.exec(err)
    return counted === null ? err : 'counted and not kept'
  }
  // A half holds less than the flood: which of them went depends on how fast they came.
  const { body } = await on.call('GET', '/api/refusals?limit=1000')
  const kept = (body as { readonly items: readonly { readonly reference: string }[] }).items
  const there = new Set(kept.map(({ reference }) => reference))
  const control = await found(references.find((one) => !there.has(one)) ?? known)
  return [
    { seen: await found(known), control },
    { seen: await found(quiet), control },
  ]
}

async function unknown(): Promise<readonly Seen[]> {
  await using on = await frontEnd()
  const { code, err } = await on.type('why', 'feed0123')
  const says = /this fleet never issued it, or it is older than the 30 days/u.test(err)
  const reference = referenceIn(await told(on))
  await why(on, reference)
  const control = await on.type('why', reference)
  return [
    {
      seen: `${code}, ${says ? 'never issued, or older than 30 days' : err}`,
      control: String(control.code),
    },
  ]
}

async function forgotten(): Promise<readonly Seen[]> {
  await using on = await frontEnd()
  // It is known from before, and then it ended.
  const reference = referenceIn(await told(on, fleet.beyondGrace))
  const other = referenceIn(await told(on, fleet.unknown))
  const { out } = await why(on, reference)
  await why(on, other)
  const { id } = await on.known(fleet.beyondGrace)
  await on.type('devices', 'forget', id)
  const after = await on.type('why', reference)
  const { body } = await on.call('GET', '/api/audit?action=device.forget')
  const [entry] = (body as { readonly items: readonly { readonly after: unknown }[] }).items
  const beside = await on.type('why', other)
  return [
    {
      seen: `${after.code}, ${JSON.stringify(entry?.after)}`,
      control: `${out === '' ? 'nothing' : 'found'}, and another's stays: ${beside.code}`,
    },
  ]
}

/** A reference leads to its reason, whatever came meanwhile. */
export const WHY: readonly Scene[] = [
  leadsScene(1),
  leadsScene(2),
  {
    cases: [
      {
        id: 'C3',
        what: 'a known device refused at the address of a flood',
        expected: 'found',
        control: 'counted and not kept',
      },
      {
        id: 'C3',
        what: 'a refusal from a quiet address before a flood of the same code',
        expected: 'found',
        control: 'counted and not kept',
      },
    ],
    play: flooded,
  },
  {
    cases: [
      {
        id: 'C3',
        what: 'a reference that was never issued',
        expected: '1, never issued, or older than 30 days',
        control: '0',
      },
    ],
    play: unknown,
  },
  {
    cases: [
      {
        id: 'C3',
        what: 'the refusals of a device that is forgotten',
        expected: '1, {"refusalsErased":1}',
        control: "found, and another's stays: 0",
      },
    ],
    play: forgotten,
  },
]
