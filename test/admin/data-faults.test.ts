/** What is wrong with the data of a call is said in sentences, whatever the call and whatever is wrong. */
import { request } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openAdminApi, type TestAdminApi } from '../support/admin/admin-api.ts'
import { call } from '../support/admin/call.ts'
import { mutantsOf, sampleOf, type JsonSchema } from '../support/admin/schema-mutants.ts'

let api: TestAdminApi
let operations: readonly Operation[]

beforeAll(async () => {
  api = await openAdminApi({ callsPerMinute: 1_000_000 })
  operations = await describedSchemas()
})

afterAll(async () => {
  await api[Symbol.asyncDispose]()
})

interface Parameter {
  readonly name: string
  readonly in: 'header' | 'path' | 'query'
  readonly schema: JsonSchema
}

interface Operation {
  readonly method: string
  readonly path: string
  readonly parameters: readonly Parameter[]
  readonly body: JsonSchema | undefined
}

async function describedSchemas(): Promise<readonly Operation[]> {
  const response = await fetch(`${api.url}/api/openapi.json`)
  const { paths } = (await response.json()) as {
    paths: Record<string, Record<string, { parameters?: Parameter[]; requestBody?: RequestBody }>>
  }
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [], requestBody }]) => ({
      method: method.toUpperCase(),
      path,
      parameters,
      body: requestBody?.content['application/json'].schema,
    })),
  )
}

interface RequestBody {
  readonly content: { readonly 'application/json': { readonly schema: JsonSchema } }
}

/** No word of a schema and no pattern; who reads it knows neither. */
const MACHINE_WORDS = /must |pattern|\^|schema|keyword|instancePath|undefined|\[object|NaN/u

interface Problem {
  readonly detail: string
  readonly next_step: string
  readonly faults?: readonly { readonly at: string; readonly message: string }[]
}

/** What is wrong with an answer; nothing when it is as it should be. */
function complaintOf(status: number, wanted: number, problem: Problem): string | undefined {
  const { faults = [], detail } = problem
  if (status !== wanted) return `${status} ${JSON.stringify(problem).slice(0, 300)}`
  if (faults.length === 0) return 'no fault'
  const messages = faults.map(({ message }) => message)
  const bad = messages.find((one) => !/^found [^]+, wanted [^]+: [^]+$/u.test(one))
  if (bad !== undefined) return bad
  return [detail, ...messages].find((one) => MACHINE_WORDS.test(one))
}

const pathWith = (path: string, values: Readonly<Record<string, string>>): string =>
  path.replaceAll(/\{([^}]+)\}/gu, (_, name: string) => encodeURIComponent(values[name] ?? ''))

const pathSamples = ({ parameters }: Operation): Record<string, string> =>
  Object.fromEntries(
    parameters
      .filter((one) => one.in === 'path')
      .map(({ name, schema }) => [name, String(sampleOf(schema))]),
  )

test('whatever is wrong with a body is said as found, wanted and what to do', async () => {
  const complaints: string[] = []
  let tried = 0
  for (const operation of operations) {
    const { method, path, body } = operation
    if (body === undefined) continue
    const at = pathWith(path, pathSamples(operation))
    for (const { what, value } of mutantsOf(body)) {
      tried += 1
      const response = await call(api, method, at, { body: value, match: '*' })
      const found = complaintOf(response.status, 422, response.body as Problem)
      if (found !== undefined) complaints.push(`${method} ${path} ${what}: ${found}`)
    }
  }
  expect(complaints).toEqual([])
  expect(tried).toBeGreaterThan(400)
})

test('whatever is wrong with a path or a query is said as found, wanted and what to do', async () => {
  const complaints: string[] = []
  let tried = 0
  for (const operation of operations) {
    const { method, path, parameters, body } = operation
    const sent = { match: '*', ...(body === undefined ? {} : { body: sampleOf(body) }) }
    const samples = pathSamples(operation)
    for (const { name, in: part, schema } of parameters) {
      if (part === 'header') continue
      for (const text of wrongTexts(schema, part)) {
        tried += 1
        const at =
          part === 'path'
            ? pathWith(path, { ...samples, [name]: text })
            : `${pathWith(path, samples)}?${name}=${encodeURIComponent(text)}`
        const response = await call(api, method, at, sent)
        const found = complaintOf(response.status, 400, response.body as Problem)
        if (found !== undefined) complaints.push(`${method} ${path} ${name}=${text}: ${found}`)
      }
    }
    if (!parameters.some((one) => one.in === 'query')) continue
    for (const query of ['no_such_key=1', 'limit=1&limit=2']) {
      const response = await call(api, method, `${pathWith(path, samples)}?${query}`, sent)
      const found = complaintOf(response.status, 400, response.body as Problem)
      if (found !== undefined) complaints.push(`${method} ${path}?${query}: ${found}`)
    }
  }
  expect(complaints).toEqual([])
  expect(tried).toBeGreaterThan(60)
})

/** What a path of at most 300 characters a name, or a query, can bring. */
const wrongTexts = (schema: JsonSchema, part: 'path' | 'query'): readonly string[] =>
  mutantsOf(schema)
    .map(({ value }) => value)
    .flatMap((value) => (typeof value === 'string' ? [value] : shortJson(value)))
    .filter((text) => part === 'query' || (text !== '' && text.length < 300))
    .filter((text) => !isTaken(schema, text))

const shortJson = (value: unknown): readonly string[] =>
  typeof value === 'object' ? [] : [JSON.stringify(value)]

/** The text of a faulty value may be a good one: 7 in place of a text, in a path, is the text 7. */
function isTaken(schema: JsonSchema, text: string): boolean {
  const { type, enum: words, pattern = '', maxLength = Number.POSITIVE_INFINITY } = schema
  if (words !== undefined) return words.includes(text)
  const fits = new RegExp(pattern, 'u').test(text) && text.length <= maxLength
  return type === 'string' && fits && text !== ''
}

const HOURS: readonly (readonly [string, string])[] = [
  ['2026-02-30', 'wanted a day that exists'],
  ['2026-02-30T10:00:00Z', 'wanted a day that exists'],
  ['2026-11-22T24:00:00Z', 'wanted a time from 00:00:00 to 23:59:59'],
  ['2026-11-22T23:59:60Z', 'wanted a time from 00:00:00 to 23:59:59'],
  ['2026-11-22T10:00:00', 'wanted a day such as 2026-03-01 (UTC) or a second'],
  ['30', 'wanted a day such as 2026-03-01 (UTC) or a second'],
]

for (const [text, sentence] of HOURS) {
  test(`the time ${text} is refused as the configuration file refuses it`, async () => {
    const { status, body } = await call(api, 'GET', `/api/audit?since=${text}`)
    expect(status).toBe(400)
    const [fault] = (body as Problem).faults ?? []
    expect(fault).toMatchObject({ at: 'query.since' })
    expect(fault?.message).toContain(`found the text "${text}", ${sentence}`)
  })
}

for (const text of ['2026-11-22', '2026-11-22T10:00:00+01:00', '2026-11-22T10:00:00.25Z']) {
  test(`the time ${text} is taken as in the configuration file`, async () => {
    const answer = await call(api, 'GET', `/api/audit?since=${encodeURIComponent(text)}`)
    expect(answer.status).toBe(200)
  })
}

test('one of several things is refused for what was meant, and for its kind where it has none', async () => {
  const denied = async (value: unknown) => {
    const { body } = await call(api, 'POST', '/api/deny-list', {
      body: { denied: value, note: 'n' },
    })
    return ((body as Problem).faults ?? []).map(({ at, message }) => `${at}: ${message}`)
  }
  expect(await denied({ kind: 'key', key: 'AB' })).toEqual([
    'body.denied.key: found the text "AB", wanted a SHA-256 as 64 hexadecimal digits in lower case: take it from `tfe explain CERT.pem`',
  ])
  expect(await denied({ kind: 'keys' })).toEqual([
    'body.denied.kind: found the text "keys", wanted one of key, serial: did you mean key?',
  ])
  expect(await denied({ key: 'a'.repeat(64) })).toEqual([
    'body.denied: found no kind, wanted one of key, serial: add kind',
  ])
  expect(await denied('a')).toHaveLength(1)
})

const SECRET = 'hunter2-hunter2'
const SECRETS: readonly (readonly [string, string, string, unknown])[] = [
  ['a password in a list', 'POST', '/api/session', { name: 'a', password: [SECRET] }],
  ['a password for a whole sign-in', 'POST', '/api/session', SECRET],
  ['a list of passwords for a sign-in', 'POST', '/api/session', [SECRET]],
  ['a long password', 'POST', '/api/session', { name: 'a', password: SECRET.repeat(1000) }],
  ['a short password', 'PATCH', '/api/administrators/a', { password: SECRET.slice(0, 9) }],
  [
    'a short first password',
    'POST',
    '/api/administrators',
    { name: 'a', role: 'viewer', password: SECRET.slice(0, 9) },
  ],
  ['a number for a secret', 'PUT', '/api/secrets/a', { secret: 12_345_678 }],
  ['a secret for its object', 'PUT', '/api/secrets/a', SECRET],
]

for (const [what, method, path, body] of SECRETS) {
  test(`${what} is refused and not repeated`, async () => {
    const answer = await call(api, method, path, { body, match: '*' })
    expect(answer.status).toBe(422)
    expect(JSON.stringify(answer.body)).not.toMatch(/hunter2|12345678/u)
  })
}

const MALFORMED: readonly (readonly [
  string,
  string,
  Readonly<Record<string, string>>,
  string,
  string,
])[] = [
  ['no JSON', '{hunter2', { 'content-type': 'application/json' }, '/api/session', 'call-malformed'],
  [
    'a number without an end',
    '1e',
    { 'content-type': 'application/json' },
    '/api/session',
    'call-malformed',
  ],
  [
    'a forbidden key',
    '{"__proto__":{}}',
    { 'content-type': 'application/json' },
    '/api/session',
    'call-malformed',
  ],
  ['nothing', '', { 'content-type': 'application/json' }, '/api/session', 'call-malformed'],
  ['text', 'hunter2', { 'content-type': 'text/plain' }, '/api/session', 'media-type'],
  [
    'a form',
    'password=hunter2',
    { 'content-type': 'application/x-www-form-urlencoded' },
    '/api/session',
    'media-type',
  ],
  ['no type at all', 'hunter2', {}, '/api/session', 'media-type'],
  [
    'too much',
    `"${'a'.repeat(1024 * 1024)}"`,
    { 'content-type': 'application/json' },
    '/api/session',
    'body-too-large',
  ],
  ['a bad path', '', {}, '/api/devices/%zz', 'call-malformed'],
  ['a long path', '', {}, `/api/enrollment-settings/${'a'.repeat(301)}/promote`, 'call-malformed'],
  ['another path', '', {}, '/api/none', 'not-served'],
]

for (const [what, body, headers, path, code] of MALFORMED) {
  test(`a call that brings ${what} is answered in our sentences`, async () => {
    const answer = await post(path, headers, body)
    expect(answer.problem).toMatchObject({ code })
    expect(answer.type).toContain('application/problem+json')
    const { detail, next_step: next } = answer.problem
    expect(next).not.toBe('')
    expect(`${detail} ${next}`).not.toMatch(/hunter2|FST_|prototype|must |pattern|schema/u)
    if (code !== 'not-served') expect(detail).toMatch(/^found .+, wanted .+/u)
  })
}

/** As `fetch` would not send it. */
async function post(path: string, headers: Readonly<Record<string, string>>, body: string) {
  const { promise, resolve, reject } = Promise.withResolvers<{ type: string; problem: Problem }>()
  const sent = request(`${api.url}${path}`, { method: 'POST', headers }, (response) => {
    const parts: Buffer[] = []
    response.on('data', (part: Buffer) => parts.push(part))
    response.on('end', () => {
      const problem = JSON.parse(Buffer.concat(parts).toString()) as Problem
      resolve({ type: response.headers['content-type'] ?? '', problem })
    })
  })
  sent.on('error', reject)
  sent.end(body)
  return await promise
}
