/** What only servers can tell: each server of each upstream is dialled as for traffic, and each list at a URL was fetched. */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { openUpstream } from '../../forward/balance/upstream.ts'
import { testServer, type TestReport } from '../../forward/diagnose/test-server.ts'
import { speaksHttp } from '../../config/upstream/speaks-http.ts'
import { countText } from '../../kernel/count-text.ts'
import { isoText } from '../../kernel/types.ts'
import type { ReadPlace } from '../../revoke/read-once.ts'
import { explainCrlFailure } from '../../revoke/crl-failure.ts'
import type { CompiledConfig } from '../../state/compiled-config.ts'
import { placeText } from '../../trust/list-source.ts'
import { printName } from '../../x509/print-name.ts'
import { replaceControlCharacters } from '../text-layout.ts'
import type { Terminal } from '../terminal.ts'

/** One server or list that was asked. */
export interface Asked {
  readonly what: string
  readonly ok: boolean
  /** What was agreed on, or the cause and what to do. */
  readonly lines: readonly string[]
}

/** Dials every server, one after the other; each takes the connect limit of its upstream and a little at most. */
export async function dialAll(
  { config, upstreams }: CompiledConfig,
  asking: (what: string) => void,
): Promise<readonly Asked[]> {
  const asked: Asked[] = []
  for (const [name, { config: settings, identity }] of upstreams) {
    const opened = openUpstream(settings, { identity, onUntrusted: () => {} })
    // What cannot be opened is a fault of the configuration.
    if (!opened.ok) continue
    for (const { plan } of opened.value.servers) {
      const { hostname, name: server } = plan.server
      const what = `${name}: ${server}`
      asking(what)
      const addresses = await addressesOf(hostname)
      const report = await testServer(plan, { http: speaksHttp(config, name) })
      asked.push({ what, ok: report.usable, lines: [...addresses, ...serverLines(report)] })
    }
  }
  return asked
}

/** The addresses of a name; that there are none is told by the connection. */
async function addressesOf(hostname: string): Promise<readonly string[]> {
  if (isIP(hostname) !== 0) return []
  const timeout = new Promise<readonly string[]>((resolve) => {
    setTimeout(() => resolve(['its name was not looked up in time']), LOOKUP_MS).unref()
  })
  const found = lookup(hostname, { all: true }).then(
    (addresses) => [`${hostname} is ${addresses.map(({ address }) => address).join(', ')}`],
    () => [],
  )
  return await Promise.race([found, timeout])
}

function serverLines({ tls, failures, duration }: TestReport): readonly string[] {
  const agreed =
    tls === undefined
      ? []
      : [
          `${tls.protocol}, ${tls.standardSuite}, group ${tls.group ?? 'none'}, after ${duration} ms`,
          ...(tls.clientCertificate === 'none-shown'
            ? [
                `it asks for a client certificate, and none is configured${tls.answered === undefined ? '' : `; GET / was answered ${tls.answered}`}`,
              ]
            : []),
        ]
  return [
    ...agreed,
    ...failures.map(
      ({ code, sentence, nextStep }) =>
        `${code}: ${replaceControlCharacters(sentence)}: ${replaceControlCharacters(nextStep)}`,
    ),
  ]
}

/** The lists that were fetched from URLs. */
export const fetchedLists = (places: readonly ReadPlace[]): readonly Asked[] =>
  places.flatMap(({ configured: { setting, source }, failure, kept }): readonly Asked[] => {
    if (source.kind !== 'url') return []
    const what = `${setting}: ${placeText(source)}`
    if (failure !== undefined) {
      const { sentence, nextStep } = explainCrlFailure(failure)
      return [{ what, ok: false, lines: [`${failure.kind}: ${sentence}: ${nextStep}`] }]
    }
    const lines = kept.map(
      ({ issuer, number, nextUpdate, entries }) =>
        `by ${printName(issuer)}, ${number === undefined ? 'not numbered' : `number ${number}`}, names ${countText(entries.count, 'certificate')}, the next is due ${isoText(nextUpdate)}`,
    )
    return [{ what, ok: true, lines: lines.map(replaceControlCharacters) }]
  })

/** As a section of the summary. */
export const askedLines = (
  asked: readonly Asked[],
  { paint, signs }: Pick<Terminal, 'paint' | 'signs'>,
): readonly string[] =>
  asked.flatMap(({ what, ok, lines }) => [
    `  ${ok ? paint('good', signs.yes) : paint('bad', signs.no)} ${what}`,
    ...lines.map((line) => `      ${line}`),
  ])

const LOOKUP_MS = 5000
