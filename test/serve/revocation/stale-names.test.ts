import { expect, test } from 'vitest'
import { PROCESS_LOOKUPS } from '../../../src/forward/connect/name-lookups.ts'
import { openLogTo } from '../../../src/serve/log.ts'
import { Revocation } from '../../../src/serve/revocation/revocation.ts'

test('the process that asks for revocation lists logs that a name gets no answer, also where others serve', () => {
  const lines: unknown[] = []
  const logger = openLogTo(
    { write: (text) => void lines.push(JSON.parse(text)) },
    { level: 'info', requests: true, connections: true },
  )
  const revocation = new Revocation({ logger, applyCrlUpdate: () => {} })
  PROCESS_LOOKUPS.onStale({ hostname: 'lists.test', isStale: true, code: 'ETIMEOUT' })
  revocation.close()
  const msg = 'name of a server gets no answer: its last known addresses are used'
  expect(lines).toMatchObject([{ hostname: 'lists.test', msg }])
})
