/** Claims ports and holds them until a signal ends it. `node claim-ports-process.ts COUNT FIRST LAST` */
import process from 'node:process'
import { claimPorts } from './claim-port.ts'

const [count = 0, first = 0, last = 0] = process.argv.slice(2).map(Number)
console.log(JSON.stringify(await claimPorts(count, { first, last })))
process.stdin.resume()
