/**
 * `npm run test:formats`: what real products tell a server about a client certificate, and what we send in the format of
 * that name, field by field; then what real consumers read of each format. Exit status 1 when a product is missing, when a field differs that is not among the
 * argued ones, when an argued one no longer differs, when a certificate is refused by others than expected, and when a
 * consumer reads another certificate, or none, where it reads one from a plain PEM file.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { mintCases } from './cases.ts'
import { compareProducts } from './compare.ts'
import { debian13 } from '../support/programs/debian13.ts'
import { readFormats } from './readers/read.ts'
import { Table } from './table.ts'

const root = mkdtempSync(join(tmpdir(), 'tfe-formats-'))
chmodSync(root, 0o755) // Apache httpd gives up being root and must still read its files
const table = new Table()
const material = mintCases(root)
const debian = debian13()
if (typeof debian === 'string') table.fault(`missing: ${debian}`)
else await compareProducts({ debian, root, material }, table)
await readFormats(join(root, 'readers'), material, table)
console.log(table.faults === 0 ? 'no difference but the argued ones' : `${table.faults} faults`)
process.exitCode = table.faults === 0 ? 0 : 1
if (table.faults === 0) rmSync(root, { recursive: true })
else console.log(`configurations and logs are left in ${root}`)
