import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { adapted } from '../../src/demo/configuration.ts'
import { DEFAULT_PORTS } from '../../src/demo/ports.ts'

const original = await readFile('config/demo.yaml', 'utf8')

test('for the default ports only the folder of the files changes', () => {
  expect(adapted(original, DEFAULT_PORTS)).toBe(original.replaceAll('file:../demo-data/', 'file:'))
})

test('each port lands in its own place', () => {
  const text = adapted(original, { frontEnd: 11, upstream: 22, metrics: 33 })
  expect(text).toMatch(/^ {4}port: 11$/m)
  expect(text).toMatch(/^ {4}url: https:\/\/localhost:22$/m)
  expect(text).toMatch(/^ {2}port: 33$/m)
  expect(text).not.toMatch(/8443$|9443$|9464$/m)
})

test('an example that has changed shape is noticed, not served by halves', () => {
  expect(() => adapted(original.replace('port: 8443', 'port: 443'), DEFAULT_PORTS)).toThrow('8443')
})
