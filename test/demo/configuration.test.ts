import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { join } from 'node:path'
import { adaptConfiguration, configurationFor } from '../../src/demo/configuration.ts'
import { DEFAULT_PORTS } from '../../src/demo/ports.ts'
import { emptyFolder } from './demo-process.ts'

const original = await readFile('config/demo.yaml', 'utf8')

test('for the default ports only the folder of the files changes', () => {
  expect(adaptConfiguration(original, DEFAULT_PORTS)).toBe(
    original.replaceAll('file:../demo-data/', 'file:').replace('../demo-data/tfe', 'tfe'),
  )
})

test('each port lands in its own place', () => {
  const text = adaptConfiguration(original, { frontEnd: 11, upstream: 22, metrics: 33, admin: 44 })
  expect(text).toMatch(/^ {4}port: 11$/m)
  expect(text).toMatch(/^ {4}url: https:\/\/localhost:22$/m)
  expect(text).toMatch(/^ {2}port: 33$/m)
  expect(text).toMatch(/^ {2}port: 44$/m)
  expect(text).not.toMatch(/8443$|9443$|946[45]$/m)
})

test('an example that has changed shape is noticed, not served by halves', () => {
  expect(() =>
    adaptConfiguration(original.replace('port: 8443', 'port: 443'), DEFAULT_PORTS),
  ).toThrow('8443')
})

test('in its own folder on its own ports the demonstration serves the example itself', async () => {
  const root = process.cwd()
  const folder = join(root, 'demo-data')
  expect(await configurationFor({ root, folder, ports: DEFAULT_PORTS })).toBe(
    join(root, 'config', 'demo.yaml'),
  )
})

test('anywhere else it serves a copy beside the files', async () => {
  await using folder = await emptyFolder()
  const place = { root: process.cwd(), folder: folder.path, ports: DEFAULT_PORTS }
  const copy = await configurationFor(place)
  expect(copy).toBe(join(folder.path, 'demo.yaml'))
  expect(await readFile(copy, 'utf8')).toBe(adaptConfiguration(original, DEFAULT_PORTS))
})
