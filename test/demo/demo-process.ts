/** The demonstration as a new user runs it: another process, another folder, free ports. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { claimPorts } from '../support/ports/claim-port.ts'

const MAIN = resolve('src/main.ts')

/** A folder that is gone when the test is over. */
export async function emptyFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'tfe-demo-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** Options that put the demonstration on ports of its own. */
export async function onOwnPorts(): Promise<readonly string[]> {
  const [port = 0, upstream = 0, metrics = 0, admin = 0] = await claimPorts(4)
  return [
    `--port=${port}`,
    `--upstream-port=${upstream}`,
    `--metrics-port=${metrics}`,
    `--admin-port=${admin}`,
  ]
}

/** A running `tfe demo`. */
export class DemoProcess {
  readonly #child: ChildProcess
  readonly #ended: Promise<number | null>
  #text = ''
  #out = ''
  #heard: (() => void)[] = []

  constructor(folder: string, options: readonly string[]) {
    this.#child = spawn(process.execPath, [MAIN, 'demo', ...options], {
      cwd: folder,
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#out += text
      this.#hear(text)
    })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#hear(text))
    this.#ended = new Promise((resolve) => {
      this.#child.once('close', (code) => {
        this.#hear('')
        resolve(code)
      })
    })
  }

  /** Everything it has printed so far. */
  get text(): string {
    return this.#text
  }

  /** The part of it that went to standard output. */
  get out(): string {
    return this.#out
  }

  /** Waits until it has printed something that matches. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.#text)
      if (found !== null) return found
      if (this.#child.exitCode !== null) throw new Error(`ended without ${pattern}:\n${this.#text}`)
      await new Promise<void>((heard) => this.#heard.push(heard))
    }
  }

  /** Sends a signal and gives the exit code. */
  end(signal: 'SIGINT' | 'SIGTERM' = 'SIGINT'): Promise<number | null> {
    this.#child.kill(signal)
    return this.#ended
  }

  /** The exit code of one that ends by itself. */
  ended(): Promise<number | null> {
    return this.#ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null) this.#child.kill('SIGKILL')
    await this.#ended
  }

  #hear(text: string): void {
    this.#text += text
    for (const heard of this.#heard.splice(0)) heard()
  }
}
