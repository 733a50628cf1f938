/**
 * `npm run test:formats`: what a real product tells a server about a client certificate, and what we send in the format
 * of that name, field by field. Exit status 1 when a product is missing, when a field differs that is not among the
 * argued ones, and when an argued one no longer differs.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, chmodSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { isCommand } from '../support/commands.ts'
import { argumentFor, ARGUED, type Argued } from './argued.ts'
import { type Case, mintCases, type Material } from './cases.ts'
import { ourFields } from './our-fields.ts'
import { PRODUCTS, type Product } from './products.ts'
import { listeningUpstream, requestWith } from './wire.ts'

const root = mkdtempSync(join(tmpdir(), 'tfe-formats-'))
chmodSync(root, 0o755) // Apache httpd gives up being root and must still read its files
let faults = 0
const met = new Set<Argued>()
const material = mintCases(root)
for (const product of PRODUCTS) {
  if (isCommand(product.command) || existsSync(product.command)) await compareAll(product, material)
  else fault(`${product.format}: missing: apt-get install ${product.package}`)
}
for (const one of ARGUED) {
  if (!met.has(one)) fault(`argued and not met: ${one.format} ${one.name} ${one.field}`)
}
console.log(faults === 0 ? 'no difference but the argued ones' : `${faults} faults`)
process.exitCode = faults === 0 ? 0 : 1
rmSync(root, { recursive: true })

async function compareAll(product: Product, { root: anchor, cases }: Material): Promise<void> {
  const folder = join(root, product.format)
  mkdirSync(folder)
  await using upstream = await listeningUpstream()
  const { port, program } = await product.start({ folder, material, upstream: upstream.port })
  await using _ = program
  console.log(`${product.format}: ${product.version()}`)
  for (const one of cases) {
    await requestWith(one, { port, anchor: anchor.pem })
    compare(product, one, upstream.take())
  }
}

function compare(product: Product, one: Case, theirs: ReadonlyMap<string, string>): void {
  const ours = ourFields(product, one)
  for (const field of Object.keys(product.fields)) {
    const [expected, seen] = [theirs.get(field) ?? '', ours.get(field) ?? '']
    if (expected === seen) {
      console.log(`  ${one.name}: ${field}: same: ${shown(seen)}`)
      continue
    }
    const argued = argumentFor(product.format, one.name, field)
    if (argued === undefined) fault(`${product.format} ${one.name}: ${field} differs`)
    else met.add(argued)
    console.log(`  ${one.name}: ${field}: ${argued?.why ?? 'DIFFERS'}`)
    console.log(`    ${product.format}: ${shown(expected)}`)
    console.log(`    ours: ${shown(seen)}`)
  }
}

function fault(text: string): void {
  faults += 1
  console.log(`FAULT ${text}`)
}

/** As JSON, for octets are to be seen; the long ones from their beginning. */
function shown(value: string): string {
  return JSON.stringify(value).slice(0, 100)
}
