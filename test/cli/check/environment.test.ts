/** What `tfe check` says of the machine that it runs on: ports, folders, modes of files, and the store. */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { createServer as createHttpServer } from 'node:http'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
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

test('a damaged store is a fault, as it is to a start, and check leaves it as it is', async () => {
  await using made = await configurationFolder(CONFIGURATION)
  expect(await tfe(['init', '--config', made.config])).toMatchObject({ code: 0 })
  expect((await tfe(['check', made.config])).out).not.toContain('damaged')
  const path = join(made.folder, 'data/tfe.sqlite')
  const database = new DatabaseSync(path)
  const { rootpage } =
    database.prepare("select rootpage from sqlite_master where name = 'audit'").get() ?? {}
  database.close()
  const octets = await readFile(path)
  octets.fill(255, (Number(rootpage) - 1) * 4096, Number(rootpage) * 4096)
  await writeFile(path, octets)
  const checked = await tfe(['check', made.config])
  expect(checked).toMatchObject({ code: 1 })
  expect(checked.out).toMatch(/tfe\.yaml:3:\d+ store: the store is damaged: .*tfe restore FILE/u)
  expect((await readFile(path)).equals(octets)).toBe(true)
})

test('a folder of the store that every account writes to is a warning, and a group is none', async () => {
  expect(await said(CONFIGURATION, { mode: 0o777 })).toContain('found that every account may write')
  expect(await said(CONFIGURATION, { mode: 0o770 })).not.toContain('every account')
})
