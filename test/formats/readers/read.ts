/**
 * Each format read by real consumers: what we send has to be read as the same certificate, octet by octet. A consumer that
 * cannot read a certificate at all is told so in a row, and has to refuse it as a plain PEM file, too.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { SERVERS } from '../../consumers/servers.ts'
import { pemOfDer } from '../../support/certificates/mint-certificate.ts'
import type { Case, Material } from '../cases.ts'
import { startFrontEnd, type FrontEnd } from '../front-end.ts'
import { REFUSED, NOT_SHOWN } from '../refused.ts'
import type { Table } from '../table.ts'
import { exchange, listeningUpstream, type Fields } from '../wire.ts'
import { PARSERS, readAll, type Parser, type Reading, type Written } from './parsers.ts'
import { PLACES, waysOfFormats, waysOfTomcat, type Place } from './sent.ts'

export async function readFormats(folder: string, material: Material, table: Table): Promise<void> {
  mkdirSync(folder)
  const cases = material.cases.filter(
    ({ name }) => NOT_SHOWN[name] === undefined && REFUSED[name] === undefined,
  )
  const tomcat = SERVERS.find(({ name }) => name === 'tomcat')
  if (tomcat?.isInstalled() !== true) {
    table.fault(`missing: Tomcat: apt-get install ${tomcat?.package ?? ''}`)
    return
  }
  await using upstream = await listeningUpstream()
  const server = await tomcat.start(folderIn(folder, 'tomcat'), {
    upstream: { chain: material.serverFile, key: material.serverKeyFile },
    siteRoot: material.rootFile,
  })
  await using _server = server.program
  const ways = [...waysOfFormats(upstream.port), ...waysOfTomcat(server.port)]
  const frontEnd = await startFrontEnd(ways, folderIn(folder, 'front-end'), material)
  await using _frontEnd = frontEnd.program
  const asked = { frontEnd, anchor: material.root.pem }
  const sent: Sent[] = []
  for (const one of cases) {
    for (const { name } of waysOfFormats(upstream.port)) {
      await ask(one, name, asked)
      sent.push({ one, format: name, fields: upstream.take() })
    }
  }
  const unread = new Map<string, Unread>()
  for (const parser of PARSERS) {
    unread.set(parser.name, readBy(parser, { folder, cases, sent, table }))
  }
  for (const { name } of waysOfTomcat(server.port)) {
    const readings = new Map<Case, Reading>()
    for (const one of cases) {
      const { body } = await ask(one, name, asked)
      const der = /^certificate: (.*)$/m.exec(body)?.[1]
      readings.set(one, der === undefined ? { fault: 'no certificate' } : { der })
    }
    const without = unread.get(JAVA) ?? new Set<string>()
    const rows = cases.map((one) => ({
      one,
      wanted: base64(one.leaf.der),
      reading: readings.get(one),
    }))
    printRow(`Tomcat SSLValve: ${name}`, rows, { unread: without, table })
  }
}

/** Whose parser Tomcat uses. */
const JAVA = 'java CertificateFactory'

/** What an upstream was told in one format. */
interface Sent {
  readonly one: Case
  readonly format: string
  readonly fields: Fields
}

interface Asked {
  readonly frontEnd: FrontEnd
  readonly anchor: string
}

const ask = (one: Case, way: string, { frontEnd, anchor }: Asked) =>
  exchange(one, { port: frontEnd.ports.get(way) ?? 0, anchor })

interface Scene {
  readonly folder: string
  readonly cases: readonly Case[]
  readonly sent: readonly Sent[]
  readonly table: Table
}

/** Prints a row for each field; the cases that this parser cannot read at all, with what it says. */
function readBy(parser: Parser, { folder, cases, sent, table }: Scene): Unread {
  const version = parser.version()
  if (version === undefined) {
    table.fault(`missing: ${parser.name}: apt-get install ${parser.package}`)
    return new Set()
  }
  const certificates = [
    ...new Set(cases.flatMap(({ leaf, intermediates }) => [leaf.der, ...intermediates])),
  ]
  const plain = certificates.map((der): Written => ({ shape: 'pem', value: pemInBase64(der) }))
  const found = PLACES.flatMap((place) =>
    sent.flatMap(({ one, format, fields }) =>
      format === place.format ? [{ place, one, value: fields.get(place.field) ?? '' }] : [],
    ),
  )
  const written = found.map(({ place, value }): Written => ({ shape: place.shape, value }))
  const readings = readAll(parser, folderIn(folder, parser.name), [...plain, ...written])
  const unread = new Set<string>()
  for (const [index, der] of certificates.entries()) {
    const reading = readings[index]
    if (reading === undefined || 'der' in reading) continue
    unread.add(base64(der))
    const name = cases.find(({ leaf }) => leaf.der === der)?.name ?? 'an intermediate'
    const told = `not read, not even as a plain PEM file: ${reading.fault}`
    table.line(`${parser.name} ${version}: ${name}: ${told}`)
  }
  if (unread.size > certificates.length / 3) {
    const read = certificates.length - unread.size
    table.fault(`${parser.name} reads ${read} of ${certificates.length} PEM files`)
  }
  for (const place of PLACES) {
    const rows = found.flatMap((each, index) =>
      each.place === place
        ? [
            {
              one: each.one,
              wanted: wantedIn(place, each.one),
              reading: readings[plain.length + index],
            },
          ]
        : [],
    )
    printRow(`${parser.name} ${version}: ${place.format} ${place.field} (${place.shape})`, rows, {
      unread,
      table,
    })
  }
  return unread
}

const wantedIn = ({ holds }: Place, { leaf, intermediates }: Case): string =>
  [...(holds === 'intermediates' ? [] : [leaf.der]), ...(holds === 'leaf' ? [] : intermediates)]
    .map(base64)
    .join(',')

const base64 = (der: Buffer): string => der.toString('base64')
const pemInBase64 = (der: Buffer): string => base64(Buffer.from(pemOfDer(der)))

interface Row {
  readonly one: Case
  readonly wanted: string
  readonly reading: Reading | undefined
}

/** What a consumer does not read in plain PEM either, in base64 of its DER. */
type Unread = ReadonlySet<string>

interface Known {
  readonly unread: Unread
  readonly table: Table
}

function printRow(title: string, rows: readonly Row[], { unread, table }: Known): void {
  let read = 0
  for (const { one, wanted, reading } of rows) {
    if (reading !== undefined && 'der' in reading && reading.der === wanted) read += 1
    else if (!wanted.split(',').some((der) => unread.has(der))) {
      const told =
        reading !== undefined && 'fault' in reading ? reading.fault : 'another certificate'
      table.fault(`${title}: ${one.name}: ${told}`)
    }
  }
  table.line(`${title}: ${read} of ${rows.length} read, each as the same certificate`)
}

function folderIn(folder: string, name: string): string {
  const path = join(folder, name.replaceAll(/[ /]/g, '-'))
  mkdirSync(path)
  return path
}
