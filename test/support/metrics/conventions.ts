/**
 * What the names of metrics keep to: https://prometheus.io/docs/practices/naming and our own rule, that no peer makes a
 * series. `promtool check metrics` knows the half of it.
 */
import { spawnSync } from 'node:child_process'
import type { Family } from './exposition.ts'

/** Every label there is, and where its values come from: never from a peer. */
export const LABELS: Readonly<Record<string, string>> = {
  by: 'a closed list',
  class: 'a closed list',
  code: 'a closed list',
  decision: 'a closed list',
  departure: 'a closed list',
  direction: 'a closed list',
  expires: 'a closed list',
  failure: 'a closed list',
  finding: 'a closed list',
  job: 'a closed list',
  kind: 'a closed list',
  le: 'the buckets of a histogram',
  list: 'the configuration: the number of a list of revoked certificates',
  listener: 'the configuration',
  name: 'the configuration or an administrator: a listener, an upstream or a setting',
  node: 'the runtime',
  openssl: 'the runtime',
  outcome: 'a closed list',
  protocol: 'the runtime',
  reason: 'a closed list',
  role: 'a closed list',
  route_class: 'a closed list',
  said_by: 'a closed list',
  row: 'the configuration',
  server: 'the configuration',
  setting: 'the configuration or an administrator',
  share: 'a closed list',
  state: 'a closed list',
  status: 'a closed list',
  suite: 'the runtime',
  upstream: 'the configuration',
  version: 'this program, or the runtime',
  would_refuse: 'a closed list',
}

/** Labels of what the runtime says of itself. */
const RUNTIME_LABELS: ReadonlySet<string> = new Set(['type', 'space', 'major', 'minor', 'patch'])

/** Everything that is wrong with the names, types, units, labels and help of these. */
export const conventionFaults = (families: readonly Family[]): readonly string[] =>
  families.flatMap((family) => [...faultsOf(family)].map((fault) => `${family.name}: ${fault}`))

function* faultsOf({ name, help, type, samples }: Family): Generator<string> {
  const isOurs = name.startsWith('tfe_')
  if (!/^(?:tfe|process|nodejs)_[a-z0-9_]+$/u.test(name)) yield 'is in no namespace of ours'
  if (!['counter', 'gauge', 'histogram'].includes(type)) yield `is of the type ${type}`
  if (help === '') yield 'has no help'
  if (isOurs && !help.endsWith('.')) yield 'has help that is no sentence'
  if (type === 'counter' && !name.endsWith('_total')) yield 'is a counter without _total'
  if (type !== 'counter' && name.endsWith('_total')) yield 'is no counter, and ends in _total'
  if (/_(?:bucket|count|info_total|sum)$/u.test(name)) yield 'ends like a part of a histogram'
  if (/_(?:counter|gauge|histogram|metric)(?:_|$)/u.test(name)) yield 'names its type'
  if (NO_BASE_UNIT.test(name)) yield 'is not in a base unit'
  for (const label of new Set(samples.flatMap(({ labels }) => Object.keys(labels)))) {
    const isKnown = Object.hasOwn(LABELS, label) || (!isOurs && RUNTIME_LABELS.has(label))
    if (!isKnown) yield `has the label ${label}, which is not in the list`
  }
  const series = samples.map((one) => JSON.stringify([one.name, one.labels]))
  if (new Set(series).size < series.length) yield 'has a series twice'
}

const NO_BASE_UNIT =
  /_(?:ms|us|ns|milliseconds|minutes|hours|days|weeks|kb|mb|kib|mib|kilobytes|megabytes|bits|octets|percent)(?:_|$)/u

/** What `promtool check metrics` finds; throws where it cannot be run. */
export function promtoolFindings(text: string): readonly string[] {
  const { error, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
    input: text,
    encoding: 'utf8',
  })
  if (error !== undefined) throw error
  return `${stdout}${stderr}`.split('\n').filter((line) => line !== '')
}
