/** A reference is explained by the store of a configuration where no front end serves, with all that cannot be known there. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { frontEnd } from '../../cases/front-end.ts'
import { tfe } from '../../support/cli/run-command.ts'
import { fleet, productYaml, writeFiles } from '../../support/front-ends/product.ts'
import { until } from '../../support/until.ts'

const folder = mkdtempSync(join(tmpdir(), 'tfe-reference-'))
const store = join(folder, 'tfe.sqlite')
const config = join(folder, 'tfe.yaml')
let reference = ''
let without = ''

beforeAll(async () => {
  writeFiles(folder)
  writeFileSync(
    config,
    productYaml({ upstreamPort: 1, yaml: { store: ` { sqlite: '${store}' }` } }),
  )
  await using on = await frontEnd({ store })
  const refused = async (leaf: typeof fleet.unknown | undefined): Promise<string> => {
    await on.verdict(leaf)
    const line = on.product.lines.findLast(({ decision }) => decision === 'refuse')
    const found = String(line?.['reference'])
    await until(
      () => on.call('GET', `/api/refusals/${found}`),
      ({ status }) => status === 200,
    )
    return found
  }
  reference = await refused(fleet.unknown)
  without = await refused(undefined)
}, 60_000)

afterAll(() => rmSync(folder, { recursive: true }))

const explained = (...more: readonly string[]) =>
  tfe(['explain', '--config', config, '--offline', ...more])

test('what was decided then and what would be now are told, and what could not be known line by line', async () => {
  const { code, out } = await explained(reference)
  expect(code).toBe(1)
  const lines = out.split('\n')
  expect(lines[0]).toMatch(/^no front end was asked: --offline is given\. Judged by .* its store/u)
  expect(out).toContain(`The reference ${reference}`)
  expect(out).toContain('refused as untrusted-issuer at ')
  expect(out).toContain('the same would be decided now')
  const at = lines.findIndex((line) => line.includes('What could not be known'))
  const told = lines.slice(at + 1).join('\n')
  for (const said of [
    /what a front end that serves has in force/u,
    /revocation lists that a front end has read/u,
    /what of the request is not kept: its Host, its query/u,
    /what of the certificate is not kept: its octets/u,
    /issuers that devices have shown to a running front end/u,
  ])
    expect(told).toMatch(said)
})

test('of a client without a certificate nothing is said of one', async () => {
  const { out } = await explained(without, '--json')
  const answer = JSON.parse(out) as {
    readonly code: string
    readonly known_from: string
    readonly unknown: readonly string[]
    readonly reference: { readonly code: string; readonly same: boolean }
  }
  expect(answer).toMatchObject({
    code: 'no-certificate',
    known_from: 'store',
    reference: { code: 'no-certificate', same: true },
  })
  expect(answer.unknown.filter((one) => /certificate|issuers/u.test(one))).toEqual([])
  expect(answer.unknown.length).toBe(4)
})

test('a reference that the store does not know may be one that was not written yet', async () => {
  const { code, err } = await explained('0123456789abcdef-1')
  expect(code).toBe(1)
  expect(err).toMatch(/found no refusal with the reference 0123456789abcdef-1: /u)
  expect(err).toMatch(/or a front end has not written it yet/u)
})

test('a reference is of one request: none is asked about beside it', async () => {
  const { code, err } = await explained(reference, '--route', '/renew/x')
  expect(code).toBe(2)
  expect(err).toMatch(/found a reference and circumstances, wanted the request/u)
})

test('without a store no reference is explained', async () => {
  const other = join(folder, 'storeless.yaml')
  writeFileSync(other, productYaml({ upstreamPort: 1 }))
  const { code, err } = await tfe(['explain', reference, '--config', other, '--offline'])
  expect(code).toBe(1)
  expect(err).toMatch(/no store that could be read/u)
})
