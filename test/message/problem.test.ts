import { expect, test } from 'vitest'
import { PROBLEM_TYPE, problemDocument } from '../../src/message/problem.ts'

test('a problem document says the status, a title and a reference, and nothing else', () => {
  expect(JSON.parse(problemDocument({ status: 403, reference: '7F3K' }))).toEqual({
    type: 'urn:trusted-front-end:problem:403',
    title: 'This device may not do that',
    status: 403,
    reference: '7F3K',
  })
})

test('a status without a title of its own has a common one', () => {
  expect(JSON.parse(problemDocument({ status: 418, reference: 'x' }))).toMatchObject({
    title: 'The request could not be served',
  })
})

test('a problem document is of the type of RFC 9457', () => {
  expect(PROBLEM_TYPE).toBe('application/problem+json')
})

test('each status that we answer with has a title that no other has', () => {
  const statuses = [400, 403, 404, 408, 413, 414, 417, 421, 429, 431, 500, 501, 502, 503, 504]
  const titles = [418, ...statuses].map((status) => {
    const document: unknown = JSON.parse(problemDocument({ status, reference: 'x' }))
    return Object(document).title as unknown
  })
  expect(new Set(titles).size).toBe(titles.length)
  for (const title of titles) expect(title).toMatch(/^[A-Z][a-z]+ \w+/)
})
