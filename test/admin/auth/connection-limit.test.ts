import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { openAdminApi } from '../../support/admin/admin-api.ts'

const FRIEND = '127.0.0.2'

test('connections from outside the allow list that ask for nothing leave room for the others', async () => {
  await using api = await openAdminApi({ allow: [`${FRIEND}/32`] })
  const strangers = await Promise.all(
    Array.from({ length: 60 }, async () => {
      const socket = connect({ host: '127.0.0.1', port: api.port })
      await once(socket, 'connect')
      return socket
    }),
  )
  try {
    // Which of them are let in is the kernel's choice; ten find no room.
    await expect.poll(() => strangers.filter(({ closed }) => closed).length).toBe(10)
    const asked = request({
      host: '127.0.0.1',
      port: api.port,
      localAddress: FRIEND,
      path: '/api/charts',
    }).end()
    const [answer] = (await once(asked, 'response')) as [{ statusCode: number; resume(): void }]
    answer.resume()
    expect(answer.statusCode).toBe(401)
  } finally {
    for (const socket of strangers) socket.destroy()
  }
})
