import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Program } from './program.ts'
import { killRunning } from './running.ts'

const node = (script: string): Program => new Program(process.execPath, ['-e', script])

test('who waits for a program that ends is told so, and what it printed', async () => {
  const program = node(`console.log('one'); console.error('two'); process.exitCode = 7`)
  await program.until(/one/)
  const waiting = program.until(/three/)
  await expect(waiting).rejects.toThrow(/ended early \(7\):\n(one\ntwo|two\none)\n$/u)
  await expect(program.unlessEnded(new Promise(() => {}))).rejects.toThrow('ended early (7)')
})

test('what a program prints last is found, though it has ended', async () => {
  const program = node(`console.log('last')`)
  expect(await program.ended).toBe(0)
  expect((await program.until(/la(st)/))[1]).toBe('st')
})

test('a command that does not exist is said to have ended early', async () => {
  const program = new Program('/no/such/command', [])
  await expect(program.until(() => false)).rejects.toThrow('ENOENT')
  await program.end()
})

test('a program that is left running is killed when the test file ends', async () => {
  const program = node(
    `process.on('SIGTERM', () => {}); console.log('runs'); setInterval(() => {}, 1000)`,
  )
  await program.until(/runs/)
  killRunning() // as the hook of every test file does, and the end of the process
  expect(await program.ended).toBeNull()
  expect(program.child.signalCode).toBe('SIGKILL')
})

test('a program with a group of its own takes along what it has started', async () => {
  const child = `require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])`
  const program = new Program(
    process.execPath,
    ['-e', `console.log('child', ${child}.pid); setInterval(() => {}, 1000)`],
    { hasGroup: true },
  )
  const [, pid = ''] = await program.until(/child (\d+)/)
  expect(await program.end()).toBeNull()
  // A process that is gone, or one that its new parent has not yet collected.
  await expect.poll(() => stateOf(pid)).toMatch(/gone|Z/u)
})

function stateOf(pid: string): string {
  try {
    return /\) (\S)/u.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1] ?? ''
  } catch {
    return 'gone'
  }
}
