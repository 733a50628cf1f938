/**
 * Four clients that people really use. Each makes one GET and hands back what it was answered.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { quietEnvironment } from '../support/programs/program.ts'
import type { IdentityFiles } from './material.ts'

export interface ClientKind {
  readonly name: 'curl' | 'wget' | 'requests' | 'java'
  /** The Debian package that brings it. */
  readonly package: string
  /** Its version; `undefined` when it is not installed. */
  readonly version: () => Promise<string | undefined>
  /** What has to be built before the first call, into `folder`. */
  readonly prepare: (folder: string) => Promise<void>
  readonly call: (call: Call) => Promise<Answer>
}

export interface Call {
  readonly url: string
  /** PEM of the CA that the front end's certificate comes from. */
  readonly ca: string
  readonly identity: IdentityFiles | undefined
  /** Where `prepare` put its work. */
  readonly folder: string
}

export interface Answer {
  readonly status: number
  /** The media type without parameters. */
  readonly type: string
  readonly body: string
}

const nothing = async (): Promise<void> => {}

const curl: ClientKind = {
  name: 'curl',
  package: 'curl',
  version: () => versionIn('curl', ['--version']),
  prepare: nothing,
  call: async ({ url, ca, identity }) => {
    const cert = identity === undefined ? [] : ['--cert', identity.chain, '--key', identity.key]
    const output = ['--silent', '--show-error', '--write-out', '\n%{http_code}\n%{content_type}']
    const text = await run('curl', ['-q', '--http1.1', '--cacert', ca, ...cert, ...output, url])
    const lines = text.split('\n')
    return answerIn([...lines.slice(-2), ...lines.slice(0, -2)])
  },
}

const wget: ClientKind = {
  name: 'wget',
  package: 'wget',
  version: () => versionIn('wget', ['--version']),
  prepare: nothing,
  call: async ({ url, ca, identity }) => {
    const cert =
      identity === undefined
        ? []
        : [`--certificate=${identity.chain}`, `--private-key=${identity.key}`]
    const habits = ['--no-config', '--no-hsts', '--tries=1', '--quiet']
    const output = ['--save-headers', '--content-on-error', '--output-document=-']
    // It ends with a status of its own when the answer is a refusal; what it printed is the answer.
    const text = await run('wget', [
      ...habits,
      ...output,
      `--ca-certificate=${ca}`,
      ...cert,
      url,
    ]).catch((error: { readonly stdout?: string }) => {
      if (error.stdout === undefined || error.stdout === '') throw error
      return error.stdout
    })
    const [head = '', ...body] = text.split('\r\n\r\n')
    const status = /^HTTP\/\S+ (\d+)/.exec(head)?.[1] ?? ''
    const type = /^content-type: *(.*)$/im.exec(head)?.[1] ?? ''
    return answerIn([status, type, ...body.join('\r\n\r\n').split('\n')])
  },
}

const requests: ClientKind = {
  name: 'requests',
  package: 'python3-requests',
  version: () => versionIn('python3', ['-c', 'import requests; print(requests.__version__)']),
  prepare: nothing,
  call: async ({ url, ca, identity }) => {
    const cert = identity === undefined ? [] : [identity.chain, identity.key]
    return answerIn((await run('python3', [beside('client.py'), url, ca, ...cert])).split('\n'))
  },
}

const java: ClientKind = {
  name: 'java',
  package: 'default-jdk-headless',
  version: () => versionIn('javac', ['--version']),
  prepare: async (folder) => {
    await run('javac', ['-d', folder, beside('Client.java')])
  },
  call: async ({ url, ca, identity, folder }) => {
    const cert = identity === undefined ? [] : [identity.chain, identity.key]
    return answerIn((await run('java', ['-cp', folder, 'Client', url, ca, ...cert])).split('\n'))
  },
}

export const CLIENTS: readonly ClientKind[] = [curl, wget, requests, java]

/** No answer here takes a second; a JVM on two busy cores takes a few to start. */
const PATIENCE = 30_000

async function run(program: string, args: readonly string[]): Promise<string> {
  const options = { env: quietEnvironment(), timeout: PATIENCE }
  return (await promisify(execFile)(program, args, options)).stdout
}

const versionIn = (program: string, args: readonly string[]): Promise<string | undefined> =>
  run(program, args).then(
    (text) => /\d+(?:\.\d+)+/.exec(text)?.[0],
    () => undefined,
  )

/** Status on the first line, content type on the second, then the body. */
function answerIn([status = '', type = '', ...body]: readonly string[]): Answer {
  const mediaType = type.replace(/;.*/s, '').trim()
  return { status: Number(status), type: mediaType, body: body.join('\n') }
}

const beside = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
