/**
 * A real resolver that never answers for one name, asked by the system's own `getaddrinfo`, in a network namespace. The
 * second test is the control: the runtime's look-up for each dial, as it was.
 */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { PROCESS_LOOKUPS } from '../../../src/forward/connect/name-lookups.ts'
import { product } from '../../support/front-ends/product.ts'
import { inNamespace, whyNoNamespace } from '../../support/resolvers/in-namespace.ts'

const why = whyNoNamespace()
const script = join(import.meta.dirname, '../../support/resolvers/hanging-name.ts')
const reason = 'the resolver of this machine gave no answer about the name hang.test of hang'

test.skipIf(why !== undefined)(
  `a name that is never answered for costs no other upstream its answer, and hosts files and search domains count${why === undefined ? '' : ` (skipped: ${why})`}`,
  async () => {
    expect(await inNamespace(script)).toEqual({
      hang: [504],
      well: 200,
      listed: 200,
      short: 200,
      reason,
    })
  },
)

test.skipIf(why !== undefined)(
  `without the queue it costs every upstream that is called by a name its answer${why === undefined ? '' : ` (skipped: ${why})`}`,
  async () => {
    expect(await inNamespace(script, 'plain')).toEqual({
      hang: [504],
      well: 504,
      listed: 504,
      short: 504,
      reason,
    })
  },
)

test('the log and a metric tell that a name is used with old addresses, and when it no longer is', async () => {
  await using served = await product({ upstreamPort: 1 })
  PROCESS_LOOKUPS.onStale({ hostname: 'a.test', isStale: true, code: 'EAI_AGAIN' })
  PROCESS_LOOKUPS.onStale({ hostname: 'a.test', isStale: false, code: 'answered' })
  const told = served.lines.filter(({ hostname }) => hostname === 'a.test')
  expect(told.map(({ level, code, reason }) => ({ level, code, reason }))).toEqual([
    {
      level: 'warn',
      code: 'EAI_AGAIN',
      reason: 'the resolver of this machine gave no answer about a.test (EAI_AGAIN)',
    },
    { level: 'info', code: 'answered', reason: undefined },
  ])
  const metrics = await fetch(`http://127.0.0.1:${served.statusPort}/metrics`)
  expect(await metrics.text()).toContain('\ntfe_upstream_names_stale 0\n')
})
