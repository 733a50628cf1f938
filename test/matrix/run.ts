/**
 * `npm run test:outgoing`: what TFE does with upstreams of every sort, before real servers of three kinds, as a table:
 * what the device sees, the exact reason in the log, the exact metric that moved. Exit status 1 when a row is not as
 * expected or a server is missing: a skipped row is not a passed one.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { GROUPS } from './groups.ts'
import { playGroup } from './play.ts'
import { SERVERS } from './servers.ts'
import { heads, judged } from './table.ts'

const missing = SERVERS.filter(({ isInstalled }) => !isInstalled())
for (const one of missing) console.error(`missing: ${one.kind}: apt-get install ${one.package}`)
process.exitCode = missing.length > 0 || !(await runAll()) ? 1 : 0

async function runAll(): Promise<boolean> {
  const root = mkdtempSync(join(tmpdir(), 'tfe-matrix-'))
  const began = performance.now()
  let [rows, faults] = [0, 0]
  console.log(heads())
  for (const [index, group] of GROUPS.entries()) {
    const folder = join(root, `group-${index}`)
    mkdirSync(folder)
    const result = judged(group, await playGroup(group, SERVERS, folder))
    console.log(result.text)
    rows += result.rows
    faults += result.faults
  }
  const seconds = Math.round((performance.now() - began) / 1000)
  console.log(`\n${rows} rows in ${seconds} s, ${faults} not as expected`)
  if (faults === 0) rmSync(root, { recursive: true })
  else console.log(`configurations of the servers are left in ${root}`)
  return faults === 0
}
