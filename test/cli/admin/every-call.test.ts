/** Every call that the admin API describes has a command. */
import { expect, test } from 'vitest'
import { openAdminApi } from '../../support/admin/admin-api.ts'
import { program } from '../../support/cli/run-command.ts'

/** The calls in the order of the OpenAPI document's tags, each with the command that makes it. */
const COMMANDS: Readonly<Record<string, string>> = {
  'GET /api/status': 'status',
  'GET /api/session': 'status',
  'GET /api/configuration/differences': 'config diff',
  'POST /api/reload': 'reload',
  'GET /api/export': 'export',
  'GET /api/backup': 'backup',
  'GET /api/administrators': 'admin list',
  'POST /api/administrators': 'admin create',
  'PATCH /api/administrators/{name}': 'admin role',
  'DELETE /api/administrators/{name}': 'admin remove',
  'GET /api/tokens': 'token list',
  'POST /api/tokens': 'token create',
  'DELETE /api/tokens/{id}': 'token revoke',
  'GET /api/audit': 'audit',
  'GET /api/refusals': 'refusals',
  'GET /api/refusals/{reference}': 'why',
  'GET /api/devices': 'devices list',
  'GET /api/devices/{id}': 'devices show',
  'DELETE /api/devices/{id}': 'devices forget',
  'POST /api/devices/approve': 'devices approve',
  'POST /api/devices/block': 'devices block',
  'POST /api/devices/unblock': 'devices unblock',
  'POST /api/devices/withdraw': 'devices withdraw',
  'GET /api/devices/links': 'devices links',
  'POST /api/devices/links/undo': 'devices links',
  'POST /api/devices/block/preview': 'devices block',
  'POST /api/explain': 'explain',
  'PUT /api/devices/{id}/silent': 'devices silent',
  'DELETE /api/devices/{id}/silent': 'devices silent',
  'GET /api/uncertified-ids': 'devices uncertified',
  'GET /api/departures': 'devices departures',
  'GET /api/charts': 'devices charts',
  'GET /api/migration': 'devices migration',
  'GET /api/queries': 'queries list',
  'POST /api/queries': 'queries save',
  'DELETE /api/queries/{id}': 'queries remove',
  'POST /api/inventory': 'inventory import',
  'POST /api/inventory/csv': 'inventory import',
  'GET /api/deny-list': 'deny list',
  'POST /api/deny-list': 'deny add',
  'POST /api/deny-list/remove': 'deny remove',
  'POST /api/deny-list/preview': 'deny add',
  'GET /api/settings/approval-model': 'approval status',
  'PUT /api/settings/approval-model': 'approval use',
  'POST /api/settings/approval-model/preview': 'approval use',
  'GET /api/settings/agent-minimums': 'agents list',
  'PUT /api/settings/agent-minimums': 'agents set',
  'GET /api/enforcement': 'enforce status',
  'POST /api/enforcement/preview': 'enforce require',
  'POST /api/enforcement/require': 'enforce require',
  'PUT /api/enforcement/keeping': 'enforce save',
  'GET /api/enforcement/results': 'enforce results',
  'GET /api/history': 'history',
  'GET /api/oauth': 'oauth status',
  'POST /api/oauth/preview': 'oauth enable-new',
  'POST /api/oauth': 'oauth enable-new',
  'GET /api/sync-port': 'port status',
  'POST /api/sync-port/close/preview': 'port close',
  'POST /api/sync-port/close': 'port close',
  'POST /api/sync-port/open': 'port open',
  'GET /api/enrollment-settings': 'ca list',
  'GET /api/enrollment-settings/{name}': 'ca show',
  'POST /api/enrollment-settings': 'ca upload',
  'PATCH /api/enrollment-settings/{name}': 'ca amend',
  'POST /api/enrollment-settings/{name}/preview': 'ca preview',
  'POST /api/enrollment-settings/{name}/promote': 'ca promote',
  'POST /api/enrollment-settings/{name}/remove': 'ca remove',
  'POST /api/enrollment-settings/{name}/distrust': 'ca distrust',
  'GET /api/enrollment-settings/{name}/revocation': 'crl show',
  'PATCH /api/enrollment-settings/{name}/revocation': 'crl set',
  'POST /api/enrollment-settings/{name}/revocation/lists': 'crl add',
  'DELETE /api/enrollment-settings/{name}/revocation/lists/{number}': 'crl remove',
  'POST /api/enrollment-settings/{name}/revocation/reset': 'crl reset',
  'POST /api/subject-template': 'ca subject',
  'GET /api/secrets': 'secrets list',
  'PUT /api/secrets/{name}': 'secrets put',
  'DELETE /api/secrets/{name}': 'secrets remove',
  'GET /api/keys': 'keys status',
  'POST /api/keys/rotate': 'keys rotate',
  'POST /api/keys/reseal': 'keys reseal',
  'GET /api/upstreams': 'upstream-tls list',
  'GET /api/upstreams/{name}/tls': 'upstream-tls show',
  'PUT /api/upstreams/{name}/tls/draft': 'upstream-tls draft',
  'POST /api/upstreams/{name}/tls/apply': 'upstream-tls apply',
  'POST /api/upstreams/{name}/test': 'upstream-tls test',
  'POST /api/upstreams/{name}/scan': 'upstream-tls scan',
  'GET /api/upstream-errors': 'upstream errors',
  'POST /api/upstream-errors/clear': 'upstream errors',
}

/** Sessions are for a browser: a command shows its token with each call. */
const WITHOUT_COMMAND = ['POST /api/session', 'DELETE /api/session']

test('each call that the API describes is made by a command, and no command is named that there is not', async () => {
  await using adminApi = await openAdminApi()
  const response = await fetch(`${adminApi.url}/api/openapi.json`)
  const { paths } = (await response.json()) as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  }
  const calls = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  )
  expect([...Object.keys(COMMANDS), ...WITHOUT_COMMAND].toSorted()).toEqual(calls.toSorted())
  for (const command of Object.values(COMMANDS)) {
    expect(program().find(command.split(' ')).path()).toBe(`tfe ${command}`)
  }
})

/** The filters of a list of devices, which saved queries have too. */
test('each condition of the API on devices is an option of the commands that take conditions', async () => {
  await using adminApi = await openAdminApi()
  const response = await fetch(`${adminApi.url}/api/openapi.json`)
  const { paths } = (await response.json()) as {
    readonly paths: {
      readonly '/api/devices': {
        readonly get: { readonly parameters: readonly { readonly name: string }[] }
      }
    }
  }
  const list = program().find(['devices', 'list'])
  const options = list.options.map((option) => option.name())
  for (const { name } of paths['/api/devices'].get.parameters) {
    if (WITHOUT_OPTION.includes(name)) continue
    expect(options).toContain(name.replaceAll('_', '-'))
  }
})

/** `tfe devices show` takes the beginning of an id; a list comes last seen first. */
const WITHOUT_OPTION = ['id', 'order']
