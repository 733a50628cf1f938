/** Runs the load generator (load.c): devices that are told when to begin, so that what a server used can be read before. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { createInterface } from 'node:readline'
import type { Command } from '../../support/programs/debian13.ts'
import { killAtTheEnd } from '../../support/programs/running.ts'
import { BenchFault } from './bench-fault.ts'

/** What load.c takes, by its words. */
export type LoadOptions = Readonly<Record<string, string | number>>

export interface LoadResult {
  readonly turns: number
  readonly octets: number
  readonly seconds: number
}

export interface Load extends AsyncDisposable {
  /**
   * Begins, and settles when all turns are done; connections stay open until it is disposed of. Throws a `BenchFault` at
   * the first wrong answer, and for a connection that was lost while it rested.
   */
  run(): Promise<LoadResult>
}

/** Starts it on one processor; settles when its connections stand and its devices are issued. */
export async function prepareLoad(
  program: (args: readonly string[]) => Command,
  options: LoadOptions,
  cpu: number,
): Promise<Load> {
  const words = Object.entries(options).map(([name, value]) => `${name}=${value}`)
  const { file, args, env } = program(words)
  const child = spawn('taskset', ['-c', `${cpu}`, file, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '', ...env },
  })
  killAtTheEnd(child)
  const exited = once(child, 'exit')
  let said = ''
  child.stderr.on('data', (text: Buffer) => (said += text.toString('utf8')))
  child.stdin.on('error', () => {}) // it has given up; the next line that is read says why
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const next = async (): Promise<string> => {
    const { value, done } = await lines.next()
    if (done !== true) return value
    await exited
    throw new BenchFault(`the load ended: ${said.trim()} (${words.join(' ')})`)
  }
  await next()
  return {
    async run() {
      child.stdin.write('\n')
      return JSON.parse(await next()) as LoadResult
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end('\n')
      await exited
    },
  }
}
