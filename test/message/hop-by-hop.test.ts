import { expect, test } from 'vitest'
import { isReserved } from '../../src/message/hop-by-hop.ts'

test('no setting may take the name of a field that frames, routes or authenticates', () => {
  for (const name of ['Host', 'content-length', 'TE', 'Connection', 'Expect', 'Cookie', 'Vary']) {
    expect(isReserved(name)).toBe(true)
  }
  for (const name of ['Client-Cert', 'X-Client-Verify', 'SSL_CLIENT_CERT', 'Close']) {
    expect(isReserved(name)).toBe(false)
  }
})
