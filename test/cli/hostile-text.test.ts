/** What a stranger wrote moves no cursor and turns no line around, in text or in JSON. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openAdminApi, type TestAdminApi } from '../support/admin/admin-api.ts'
import { makeCurrent, sighting } from '../support/admin/sightings.ts'
import { mintLeaf } from '../support/certificates/mint.ts'
import { typed } from '../support/cli/call-admin.ts'
import {
  CONFIGURATION,
  configurationFolder,
  current,
  type ConfigurationFolder,
} from '../support/cli/configuration-folder.ts'
import { tfe } from '../support/cli/run-command.ts'

/** A control of C0, one of C1, text turned around, a line separator. */
const HOSTILE = 'x\u001B[2J\u009B2J\u202Ey\u2028z'
/** A line break is ours, anything else of the kind is not. */
const HIDDEN = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

let made: ConfigurationFolder
let adminApi: TestAdminApi
let id = ''

beforeAll(async () => {
  made = await configurationFolder()
  await mkdir(join(made.folder, HOSTILE))
  const device = mintLeaf({ issuer: current, name: HOSTILE, dns: ['phone.test'] })
  await made.write('device.pem', device.pem + current.pem)
  await made.write(`${HOSTILE}.pem`, 'nothing')
  await made.write(`${HOSTILE}.yaml`, `${CONFIGURATION}${JSON.stringify(HOSTILE)}: 1\n`)
  adminApi = await openAdminApi()
  await makeCurrent(adminApi.store)
  const seen = sighting('1', { agent: HOSTILE, agentVersion: HOSTILE, reportedId: HOSTILE })
  if (seen.certificate === undefined) throw new Error('a sighting has a certificate')
  const certificate = { ...seen.certificate, subject: `CN=${HOSTILE}`, signedIds: [HOSTILE] }
  await adminApi.store.sightings.record([{ ...seen, certificate }])
  const { out } = await typed(adminApi, 'devices list --json')
  const { items } = JSON.parse(out) as { items: readonly { id: string; subject: string }[] }
  expect(items[0]?.subject).toBe(`CN=${HOSTILE}`)
  id = items[0]?.id ?? ''
  await adminApi.store.inventory.import({ who: HOSTILE, from: HOSTILE }, [
    { id: 'asset', name: HOSTILE },
  ])
})
afterAll(async () => {
  await made[Symbol.asyncDispose]()
  await adminApi[Symbol.asyncDispose]()
})

const OF_THE_API = [
  'devices list',
  'devices show ID',
  'devices block ID',
  'devices unblock ID',
  'audit',
  'refusals',
  'ca list',
  'token list',
  'deny list',
  'enforce status',
] as const

for (const line of OF_THE_API) {
  for (const json of [false, true]) {
    test(`tfe ${line}${json ? ' --json' : ''} shows nothing that acts on a terminal`, async () => {
      const words = [...line.replace('ID', id).split(' '), ...(json ? ['--json'] : [])]
      const { out, err } = await typed(adminApi, words)
      expect(out).not.toBe('')
      expect(out + err).not.toMatch(HIDDEN)
    })
  }
}

/** `@` is the folder, `!` the hostile name. */
const LOCAL = [
  'explain @device.pem --config @tfe.yaml',
  'explain @!.pem --config @tfe.yaml',
  'headers @device.pem --format nginx',
  'headers @!.pem --format nginx',
  'check @!.yaml',
  'check @!',
  'init @!.yaml',
  'keys list @!.yaml',
  'keys export @! --config @!.yaml',
  'admin create alice --role viewer --config @!.yaml',
  'break-glass @!.yaml --reason !',
  'upgrade @!.yaml --dry-run',
  'upstream test ! --config @tfe.yaml',
  'upstream scan ! --config @tfe.yaml',
  'upstream catalogue --config @!.yaml',
  'devices show ! --url http://127.0.0.1:1',
  'inventory import @!.csv --url http://127.0.0.1:1',
  'ca upload new @!.crt --url http://127.0.0.1:1',
  'devices list --url !',
  'devices list --token-file @!.token',
  'check ! !',
  '!',
] as const

for (const line of LOCAL) {
  for (const json of [false, true]) {
    test(`tfe ${line}${json ? ' --json' : ''} shows nothing that acts on a terminal`, async () => {
      const words = line
        .split(' ')
        .map((word) => word.replace('@', `${made.folder}/`).replace('!', HOSTILE))
      const env = { TFE_ADMIN_TOKEN: 'tfe_x' }
      const { out, err } = await tfe([...words, ...(json ? ['--json'] : [])], env)
      expect(out + err).not.toBe('')
      expect(out + err).not.toMatch(HIDDEN)
    })
  }
}
