/** Each certificate through each product and through us, and what both tell their upstream, field by field. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { argumentFor, ARGUED, TWINS, type Argued } from './argued.ts'
import type { Case, Material } from './cases.ts'
import type { Debian13 } from '../support/programs/debian13.ts'
import { startFrontEnd, type Way } from './front-end.ts'
import { PRODUCTS } from './products/all.ts'
import { versionOf, type Product } from './products/product.ts'
import { NOT_SHOWN, REFUSED } from './refused.ts'
import { differenceIn, shown, type Table } from './table.ts'
import { listeningUpstream, notShown, requestWith, type Fields, type Upstream } from './wire.ts'

export interface Run {
  readonly debian: Debian13
  /** Where folders may be made. */
  readonly root: string
  readonly material: Material
}

export async function compareProducts(run: Run, table: Table): Promise<void> {
  await using upstream = await listeningUpstream()
  const folder = folderOf(run, 'front-end')
  const ways = PRODUCTS.map((product) => wayOf(product, upstream))
  const frontEnd = await startFrontEnd(ways, folder, run.material)
  await using _ = frontEnd.program
  const met = new Set<Argued>()
  const cases = run.material.cases.filter((one) => isShown(one, table))
  table.line(`${cases.length} certificates`)
  for (const product of PRODUCTS) {
    const told = await tellingsOf(product, frontEnd.ports.get(product.name) ?? 0, {
      ...run,
      cases,
      upstream,
    })
    table.line(`${product.name}: ${versionOf(product, run.debian)}`)
    for (const one of told) compare(product, one, { table, met })
    tellTwinsApart(product, told, table)
  }
  for (const one of ARGUED) {
    if (!met.has(one)) table.fault(`argued and not met: ${one.product} ${one.name} ${one.field}`)
  }
}

const wayOf = ({ name, ours }: Product, { port }: Upstream): Way => ({
  name,
  url: `http://127.0.0.1:${port}`,
  identity:
    ours.kind === 'proxy-header'
      ? ours.kind
      : { format: ours.format, fields: ours.named, chain: true, maxBytes: '64KiB' },
})

/** Whether our client can show a certificate at all. */
function isShown(one: Case, table: Table): boolean {
  const reason = notShown(one)
  const expected = NOT_SHOWN[one.name]
  if (reason !== undefined)
    table.line(`${one.name}: not shown, OpenSSL does not load it: ${reason}`)
  if (reason !== expected) {
    table.fault(`${one.name}: found ${reason ?? 'loaded'}, wanted ${expected ?? 'loaded'}`)
  }
  return reason === undefined
}

/** What an upstream was told of one certificate, or how it was refused. */
interface Telling {
  readonly name: string
  readonly theirs: Fields | string
  readonly ours: Fields | string
}

interface Scene extends Run {
  readonly cases: readonly Case[]
  readonly upstream: Upstream
}

async function tellingsOf(
  product: Product,
  ownPort: number,
  { cases, upstream, ...run }: Scene,
): Promise<readonly Telling[]> {
  const folder = folderOf(run, product.name)
  const { port, program } = await product.start({ ...run, folder, upstream: upstream.port })
  await using _ = program
  const anchor = run.material.root.pem
  const told: Telling[] = []
  for (const one of cases) {
    const theirs = (await requestWith(one, { port, anchor })) ?? upstream.take()
    const ours = (await requestWith(one, { port: ownPort, anchor })) ?? upstream.take()
    told.push({ name: one.name, theirs, ours })
  }
  return told
}

interface Findings {
  readonly table: Table
  readonly met: Set<Argued>
}

function compare(
  product: Product,
  { name, theirs, ours }: Telling,
  { table, met }: Findings,
): void {
  const isRefused = typeof theirs === 'string' || typeof ours === 'string'
  if (isRefused || REFUSED[name] !== undefined) {
    compareRefusals(product, { name, theirs, ours }, table)
    return
  }
  for (const field of Object.keys(product.fields)) {
    const [expected, seen] = [theirs.get(field) ?? '', ours.get(field) ?? '']
    if (expected === seen) {
      table.line(`  ${name}: ${field}: same: ${shown(seen)}`)
      continue
    }
    const argued = argumentFor(product.name, name, field)
    if (argued === undefined) table.fault(`${product.name} ${name}: ${field} differs`)
    else met.add(argued)
    table.line(`  ${name}: ${field}: ${argued?.why ?? 'DIFFERS'}`)
    const start = differenceIn(expected, seen)
    table.line(`    ${product.name}: ${shown(expected, start)}`)
    table.line(`    ours: ${shown(seen, start)}`)
  }
}

function compareRefusals(product: Product, { name, theirs, ours }: Telling, table: Table): void {
  const answers = { [product.name]: theirs, ours }
  for (const [party, answer] of Object.entries(answers)) {
    const found = typeof answer === 'string' ? answer : 'accepted'
    const wanted = REFUSED[name]?.[party] ?? 'accepted'
    table.line(`  ${name}: refused by ${party}: ${found}`)
    if (found !== wanted) table.fault(`${party} ${name}: found ${found}, wanted ${wanted}`)
  }
}

/** Shows that a product writes two certificates alike where we do not. */
function tellTwinsApart({ name }: Product, told: readonly Telling[], table: Table): void {
  for (const { field, names } of TWINS.filter(({ product }) => product === name)) {
    const both = names.map((one) => told.find((telling) => telling.name === one))
    const [theirs, ours] = (['theirs', 'ours'] as const).map((side) =>
      both.map((one) => fieldIn(one?.[side], field)),
    )
    table.line(`  ${names.join(' / ')}: ${field}: ${name} writes ${theirs?.map(brief).join(' / ')}`)
    table.line(`    ours: ${ours?.map(brief).join(' / ')}`)
    if (theirs?.[0] !== theirs?.[1])
      table.fault(`${name} tells ${names.join(' from ')} by ${field}`)
    if (ours?.[0] === ours?.[1]) table.fault(`we write ${names.join(' as ')} in ${field}`)
  }
}

/** The ends of what is long. */
const brief = (value: string): string =>
  value.length < 60 ? shown(value) : `${shown(value.slice(0, 8))} … (${value.length} octets)`

const fieldIn = (told: Fields | string | undefined, field: string): string =>
  told instanceof Map ? (told.get(field) ?? '') : ''

function folderOf({ root }: Run, name: string): string {
  const path = join(root, name.replaceAll(' ', '-'))
  mkdirSync(path)
  return path
}
