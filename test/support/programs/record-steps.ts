/**
 * Loaded before a program: copies a folder as it is before each call that gives a file of it a name or takes one away. A
 * program that is killed there leaves these files.
 *   STEPS_OF=FOLDER STEPS_IN=FOLDER node --import record-steps.ts PROGRAM
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import process from 'node:process'

const [of, into] = [process.env['STEPS_OF'] ?? '', process.env['STEPS_IN'] ?? '']
let steps = 0

function recorded<Call extends (...parameters: never[]) => unknown>(call: Call): Call {
  const wrapped = (...parameters: Parameters<Call>): unknown => {
    if (String(parameters[0]).startsWith(of)) {
      fs.cpSync(of, join(into, String(steps).padStart(3, '0')), { recursive: true })
      steps += 1
    }
    return call(...parameters)
  }
  return wrapped as Call
}

fs.linkSync = recorded(fs.linkSync)
fs.copyFileSync = recorded(fs.copyFileSync)
fs.promises.rename = recorded(fs.promises.rename)
fs.promises.rm = recorded(fs.promises.rm)
syncBuiltinESMExports()
