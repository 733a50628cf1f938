/** Which fields upstreams no longer get, held against what the guard of requests removes. */
import { expect, test } from 'vitest'
import type { Config } from '../../../src/config/config.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { IDENTITY_FIELDS, OVERRIDE_FIELDS } from '../../../src/message/known-fields.ts'
import { spoofGuard } from '../../../src/message/spoof.ts'
import { fieldChanges, newlyRemoved } from '../../../src/serve/upgrade/field-changes.ts'
import { configurationFolder } from '../../support/cli/configuration-folder.ts'

async function loadedConfig(): Promise<Config> {
  await using folder = await configurationFolder()
  const loaded = await loadConfig(folder.config, {})
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.failure))
  return loaded.value.config
}
const config = await loadedConfig()

test('fields that the version before passed on are told, those that it removed are not', () => {
  const removed = newlyRemoved([])
  for (const name of ['CF-Cert-*', 'X-WebAuth-*', 'SSLClient*', '$WS*', 'X-Originating-IP']) {
    expect(removed).toContain(name)
  }
  for (const name of ['Client-Cert*', 'SSL-*', 'X-Forwarded-Client-Cert*', 'Remote-User', 'Proxy'])
    expect(removed).not.toContain(name)
})

test('a family is told where only one name of it was removed', () => {
  expect(newlyRemoved([])).toContain('X-Client-Serial*')
})

test('what is told is removed now, in every name of the family', () => {
  const isRemoved = spoofGuard([])
  const passed = newlyRemoved([]).filter((name) => !isRemoved(name.replace('*', 'anything')))
  expect(passed).toEqual([])
})

test('a field that the operator had removed is not told', () => {
  expect(newlyRemoved(['x_webauth_*'])).not.toContain('X-WebAuth-*')
  expect(newlyRemoved(['X-WebAuth-User'])).toContain('X-WebAuth-*')
  expect(newlyRemoved(['X-*'])).not.toContain('X-WebAuth-*')
})

test('an upstream that requests are forwarded to is named, one that nothing leads to is not, and it is a note', () => {
  const [mdm] = config.upstreams
  const spare = { ...mdm, name: 'spare' }
  const change = fieldChanges({ ...config, upstreams: [mdm, spare] })
  expect(change.touched.map(({ name }) => name)).toEqual(['mdm'])
  expect(change.needsDecision).toBe(false)
  expect(change.sentence).toContain('X-WebAuth-*')
  expect(change.sentence).not.toContain('WL-Proxy-')
})

test('no upstream is named where the operator had removed all of it', () => {
  const removeFields = [...IDENTITY_FIELDS, ...OVERRIDE_FIELDS].flatMap(({ names }) => names)
  expect(fieldChanges({ ...config, removeFields }).touched).toEqual([])
})
