/** What `tfe check` says of the machine that it runs on: ports, folders, modes of files, and the store. */
import { chmod, mkdir } from 'node:fs/promises'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { createServer as createHttpServer } from 'node:http'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CONFIGURATION, configurationFolder } from '../../support/cli/configuration-folder.ts'
import { tfe } from '../../support/cli/run-command.ts'

const WITHOUT_STORE = CONFIGURATION.replace('sqlite: data/tfe.sqlite', 'dangerousNone: true')
const listeningOn = (port: number, status = 0): string =>
  WITHOUT_STORE.replace('port: 0', `port: ${port}`).replace(
    'metrics: { port: 0 }',
    `metrics: { port: ${status} }`,
  )

async function said(configuration: string, store?: { readonly mode: number }): Promise<string> {
  await using made = await configurationFolder(configuration)
  if (store !== undefined) {
    await mkdir(join(made.folder, 'data'))
    await chmod(join(made.folder, 'data'), store.mode)
  }
  return (await tfe(['check', made.config])).out
}

async function listening(server: ReturnType<typeof createServer>): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

test('a port that another program has is a warning, and one that is free is none', async () => {
  const other = createServer()
  const port = await listening(other)
  const taken = await said(listeningOn(port))
  other.close()
  await once(other, 'close')
  expect(taken).toMatch(/listeners\.devices: found 127\.0\.0\.1:\d+ in use, wanted it free: /)
  expect(taken).toContain('no front end answers at metrics, so another program may have it')
  expect(await said(listeningOn(port))).not.toContain('in use')
})

test('a port that the running front end has is none', async () => {
  const other = createServer()
  const status = createHttpServer((_, response) => response.end('alive\n'))
  const [port, statusPort] = [await listening(other), await listening(status)]
  const text = await said(listeningOn(port, statusPort))
  other.close()
  status.close()
  expect(text).not.toContain('in use')
})

test('a store that is not there is a warning that names the command', async () => {
  expect(await said(CONFIGURATION)).toMatch(/tfe\.yaml:3:\d+ store: .*tfe init/)
})

test('a folder of the store that every account writes to is a warning, and a group is none', async () => {
  expect(await said(CONFIGURATION, { mode: 0o777 })).toContain('found that every account may write')
  expect(await said(CONFIGURATION, { mode: 0o770 })).not.toContain('every account')
})
