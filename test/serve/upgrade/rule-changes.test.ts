/** Which rules touch a fleet, and by which names; asked of a configuration as it is loaded. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadConfig } from '../../../src/config/load.ts'
import type { Config } from '../../../src/config/config.ts'
import type { RuleChange } from '../../../src/serve/upgrade/rule-change.ts'
import { ruleChanges, type UpgradeFacts } from '../../../src/serve/upgrade/rule-changes.ts'
import {
  configurationFolder,
  type ConfigurationFolder,
} from '../../support/cli/configuration-folder.ts'

let folder: ConfigurationFolder
let config: Config
beforeAll(async () => {
  folder = await configurationFolder()
  const loaded = await loadConfig(folder.config, {})
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.failure))
  config = loaded.value.config
})
afterAll(() => folder[Symbol.asyncDispose]())

const foundBy = (change: Partial<UpgradeFacts>): readonly RuleChange[] =>
  ruleChanges({
    config,
    schema: 1,
    rules: {
      revision: 0,
      latch: 'required',
      enrollmentSettings: [],
      removedSettings: [],
      listPoints: [],
      approvalModel: undefined,
      oauth: { modern: 'not-configured', legacy: 'enabled' },
      closedListeners: [],
      upstreamTls: [],
    },
    links: [],
    blocked: [],
    namings: [],
    manyIds: [],
    unapproved: [],
    formerAllowAndLog: [],
    administrators: [],
    unstatedLists: [],
    oauth: { certificates: 'for-good', pending: 0, syncPortOpen: false },
    ...change,
  })

const withListeners = (listeners: readonly Config['listeners'][number][]): Config => {
  const [first, ...others] = listeners
  if (first === undefined) throw new Error('no listener')
  return { ...config, listeners: [first, ...others] }
}

const namesOf = (changes: readonly RuleChange[], code: RuleChange['code']): readonly string[] =>
  changes.filter((one) => one.code === code).flatMap(({ touched }) => touched.map((it) => it.name))

const LINK = {
  device: 'd1',
  name: 'Phone',
  kind: 'key',
  value: 'k',
  code: 'denied-issuer',
} as const

describe('of a store of the schema before', () => {
  test('a link on refused evidence is named by its device', () => {
    const [change] = foundBy({ links: [LINK] })
    expect(change?.code).toBe('refused-links')
    expect(change?.touched).toMatchObject([{ kind: 'device', name: 'd1', label: 'Phone' }])
    expect(change?.touched[0]?.before).toContain('denied-issuer')
    expect(change?.next).toContain('tfe devices links --refused --undo')
  })

  test('an upstream with the former Allow and Log is named for each place, one without is not', () => {
    const formerAllowAndLog = [{ upstream: 'mdm', stored: ['applied', 'draft'] as const }]
    expect(namesOf(foundBy({ formerAllowAndLog }), 'allow-and-log-dropped')).toEqual(['mdm', 'mdm'])
    const none = [{ upstream: 'mdm', stored: [] }]
    expect(namesOf(foundBy({ formerAllowAndLog: none }), 'allow-and-log-dropped')).toEqual([])
  })

  test('an upstream that the file alone marks so is named', () => {
    const at = 'tfe.yaml:9:5 upstreams.mdm.tls.dangerousUnverified'
    const [danger] = config.dangers
    const dangers = [{ ...danger, kind: 'unverified-upstream', at } as Config['dangers'][number]]
    const changes = foundBy({ config: { ...config, dangers } })
    expect(namesOf(changes, 'allow-and-log-dropped')).toEqual(['mdm'])
    const other = dangers.map((one) => ({ ...one, at: at.replace('Unverified', 'StrictOff') }))
    const marked = foundBy({ config: { ...config, dangers: other } })
    expect(namesOf(marked, 'allow-and-log-dropped')).toEqual([])
  })

  test('administrators whose names are written in another way are named, the others not', () => {
    const administrators = ['alice', 'Alice', 'bob ', 'carol']
    const names = namesOf(foundBy({ administrators }), 'administrator-names')
    expect(names).toEqual(['Alice', 'bob '])
  })

  test('listeners with another port than 443 and no published one are named', () => {
    expect(namesOf(foundBy({}), 'published-ports')).toEqual(['devices'])
    for (const change of [{ publishedPorts: [8443] }, { port: 443 }]) {
      const listeners = config.listeners.map((one) => ({ ...one, ...change }))
      const changes = foundBy({ config: withListeners(listeners) })
      expect(namesOf(changes, 'published-ports')).toEqual([])
    }
  })

  test('an enrollment setting of the file that the store lacks is named', () => {
    expect(namesOf(foundBy({}), 'file-differences')).toContain('New')
  })

  test('lists of the file that the store has not taken over are named, a setting without lists is not', () => {
    const unstatedLists = ['New', 'Old']
    expect(namesOf(foundBy({ unstatedLists }), 'revocation-lists-taken-over')).toEqual([])
  })

  test('the new OAuth endpoint that is not configured is named by its rows', () => {
    const [first, ...others] = config.listeners
    if (first === undefined) throw new Error('no listener')
    const [row, ...rows] = first.routes.rows
    if (row === undefined) throw new Error('no row')
    const oauthRow = { ...row, id: 'token', class: 'always', endpoint: 'oauth' } as typeof row
    const routes = { ...first.routes, rows: [oauthRow, ...rows] }
    const listeners = [{ ...first, routes }, ...others]
    const facts = { config: withListeners(listeners) }
    expect(namesOf(foundBy(facts), 'oauth-not-configured')).toEqual(['devices: token'])
  })
})

describe('a decision', () => {
  test('is needed for what an operator has to look at or choose, and not for what is only told', () => {
    const administrators = ['Alice']
    const blocked = [{ device: 'd1', name: 'Phone', ids: ['urn:sn:1'] }]
    const told = foundBy({ links: [LINK], administrators, blocked })
    const needed = told.filter(({ needsDecision }) => needsDecision).map(({ code }) => code)
    expect(needed).toEqual([
      'refused-links',
      'administrator-names',
      'file-differences',
      'default-cipher-suites',
      'published-ports',
    ])
    const notes = told.filter(({ needsDecision }) => !needsDecision).map(({ code }) => code)
    expect(notes).toEqual(['blocked-ids', 'identity-fields'])
  })
})

describe('of a store that is up to date', () => {
  test('only what stands in the store until it is settled is named', () => {
    expect(foundBy({ schema: 2 })).toEqual([])
    const changes = foundBy({ schema: 2, links: [LINK], administrators: ['Alice'] })
    expect(changes.map(({ code }) => code)).toEqual(['refused-links', 'administrator-names'])
  })
})
