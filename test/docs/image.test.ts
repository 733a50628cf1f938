/**
 * What the image starts and what the commands of this checkout start are the same program, told the same.
 */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
// @ts-expect-error plain JavaScript, for Node 20
import { ENGINE_FLAGS, IMAGE_ENVIRONMENT, NODE_ENVIRONMENT } from '../../scripts/node26.mjs'

const flags = ENGINE_FLAGS as readonly string[]
const dockerfile = readFileSync(new URL('../../Dockerfile', import.meta.url), 'utf8')
// A backslash at the end of a line continues it.
const instructions = dockerfile.replaceAll('\\\n', ' ')

test('the image tells the engine what the commands tell it', () => {
  const [, entry = '[]'] = /^ENTRYPOINT (\[.*\])$/m.exec(instructions) ?? []
  expect(JSON.parse(entry)).toEqual(['node', ...flags, '/app/src/main.ts'])
})

test('the image gives the process the environment that the commands give it, and its own allocator', () => {
  const environment: Readonly<Record<string, string>> = {
    ...NODE_ENVIRONMENT,
    ...IMAGE_ENVIRONMENT,
  }
  for (const [name, value] of Object.entries(environment)) {
    expect(instructions).toContain(` ${name}=${value} `)
  }
})
