import { expect, test } from 'vitest'
import { agentRuleText, ruleFor, type AgentRule } from '../../src/message/agent.ts'

const OLD: AgentRule = { product: 'MobileIron', below: '10.1' }
const ANY: AgentRule = { product: 'watchOS', below: undefined }

const MEANT: readonly (readonly [agent: string, rule: AgentRule])[] = [
  ['MobileIron/10.0', OLD],
  ['mobileiron/10.0.9.9 (iPhone; 1)', OLD],
  ['MobileIron/9', OLD],
  ['Other/12 MobileIron/10.0', OLD],
  ['MobileIron', OLD],
  ['MobileIron/', OLD],
  ['MobileIron/beta', OLD],
  ['MobileIron/10.0.999999999', OLD],
  ['watchOS', ANY],
  ['watchOS/99', ANY],
]

const SPARED: readonly (readonly [agent: string | undefined, why: string])[] = [
  [undefined, 'a client that says nothing'],
  ['', 'a client that says an empty text'],
  ['MobileIron/10.1', 'the first version that is not meant'],
  ['MobileIron/10.1.0.0', 'the same version in more numbers'],
  ['MobileIron/10.10', 'ten, which is more than one'],
  ['MobileIron/11', 'a newer one'],
  ['MobileIronX/9', 'another product'],
  ['Other (MobileIron/9)', 'a product inside a comment'],
]

for (const [agent, rule] of MEANT) {
  test(`${agent} is meant by ${agentRuleText(rule)}`, () => {
    expect(ruleFor(agent, [OLD, ANY])).toBe(rule)
  })
}

for (const [agent, why] of SPARED) {
  test(`${why} is not meant: ${agent}`, () => {
    expect(ruleFor(agent, [OLD, ANY])).toBeUndefined()
  })
}

test('what is missing in a version counts as nothing, on either side', () => {
  const fine: AgentRule = { product: 'Client', below: '10.1.1' }
  expect(ruleFor('Client/10.1', [fine])).toBe(fine)
  expect(ruleFor('Client/10.1.1', [fine])).toBeUndefined()
})

test('a rule is read as it was written', () => {
  expect([OLD, ANY].map(agentRuleText)).toEqual(['MobileIron below 10.1', 'watchOS'])
})

test('without rules nobody is meant', () => {
  expect(ruleFor('MobileIron/1', [])).toBeUndefined()
})

test('an agent of any length is read for as long as honest ones are', () => {
  expect(ruleFor(`${'('.repeat(100_000)} MobileIron/1`, [OLD])).toBeUndefined()
})
