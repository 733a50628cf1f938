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
  ['MobileIron/v11', OLD],
  ['MobileIron/9/11', OLD],
  ['Other (one) MobileIron/9 (another)', OLD],
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
  ['Other (a MobileIron/9 b)', 'a product among others inside a comment'],
  ['Mobile(a)Iron/9', 'a product that a comment divides'],
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

test('numbers of several digits are compared whole', () => {
  const fine: AgentRule = { product: 'Client', below: '10.20' }
  expect(ruleFor('Client/10.30', [fine])).toBeUndefined()
  expect(ruleFor('Client/10.19', [fine])).toBe(fine)
})

test('of several rules that mean a client the first one speaks', () => {
  const wider: AgentRule = { ...OLD, below: '12' }
  expect(ruleFor('MobileIron/9', [OLD, wider])).toBe(OLD)
  expect(ruleFor('MobileIron/9', [wider, OLD])).toBe(wider)
})

test('a rule without a product means no client', () => {
  const unnamed: AgentRule = { product: '', below: undefined }
  expect(ruleFor(' MobileIron/9  Other ', [unnamed])).toBeUndefined()
})

test('a rule is read as it was written', () => {
  expect([OLD, ANY].map(agentRuleText)).toEqual(['MobileIron below 10.1', 'watchOS'])
})

test('without rules no client is meant', () => {
  expect(ruleFor('MobileIron/1', [])).toBeUndefined()
})

test('an agent of any length is read for as long as honest ones are', () => {
  expect(ruleFor(`${'('.repeat(100_000)} MobileIron/1`, [OLD])).toBeUndefined()
})

test('an agent is read through its 512th character, and no further', () => {
  const early: AgentRule = { product: 'Client', below: '5' }
  const agent = `${' '.repeat(512 - 'Client/4'.length)}Client/49`
  expect(ruleFor(agent, [early])).toBe(early)
  expect(ruleFor(agent.slice(1), [early])).toBeUndefined()
})
