/** Two instances behind one PostgreSQL: what one began, the other resumes, and for how long. */
import { afterAll, expect, test } from 'vitest'
import type { Instant } from '../../../src/kernel/types.ts'
import { TICKET_SECRET } from '../../../src/store/secrets/secret-limits.ts'
import { openStore, type Store } from '../../../src/store/store.ts'
import { postgresBackend } from '../../support/store/backends.ts'
import { ADMIN, unwrap } from '../../support/store/sightings.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { findPostgres } from '../../support/store/postgres.ts'
import { fleet, product, type Product } from '../../support/front-ends/product.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { VERSIONS, requestOnce } from '../../support/devices/request-once.ts'

const postgres = await findPostgres()
afterAll(async () => {
  if (postgres.kind === 'found') await postgres.stop()
})

const KEY = Buffer.alloc(32, 1)
const OTHER_KEY = Buffer.alloc(32, 2)
process.env['TFE_TEST_RING'] = `1 ${KEY.toString('base64')}`
process.env['TFE_TEST_OTHER_RING'] = `1 ${OTHER_KEY.toString('base64')}`

interface Replicas extends AsyncDisposable {
  readonly store: Store
  instance(ring?: string): Promise<Product>
}

/** A place with a store in it; instances are closed with it, last first. */
async function replicasAt(url: string): Promise<Replicas> {
  const closing = new AsyncDisposableStack()
  const { settings } = closing.use(await postgresBackend(url).place())
  const schema = settings.kind === 'postgres' ? (settings.schema ?? '') : ''
  const opened = await openStore(settings, {
    clock: { now: () => Date.now() as Instant },
    ring: { keys: new Map([[1, KEY]]) },
    initialSettings: { enforcement: 'required' },
  })
  if (!opened.ok) throw new Error(JSON.stringify(opened.failure))
  const store = closing.adopt(opened.value, (one) => one.close())
  unwrap(await store.secrets.rotate(ADMIN))
  const upstream = closing.use(await rawUpstream(upstreamTlsOptions, answering(OK)))
  return {
    store,
    async instance(ring = 'TFE_TEST_RING') {
      return closing.use(
        await product({
          upstreamPort: upstream.port,
          tls: '{ resumption: "on" }',
          files: { 'pg.url': url },
          yaml: { store: ` { postgres: "file:pg.url", schema: ${schema}, keys: "env:${ring}" }` },
        }),
      )
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

const replaced = ({ msg }: Readonly<Record<string, unknown>>): boolean =>
  msg === 'ticket secret replaced'

if (postgres.kind === 'found') {
  const { url } = postgres
  for (const version of VERSIONS) {
    test(`${version}: a session that one replica began is resumed by the other, and judged there`, async () => {
      await using replicas = await replicasAt(url)
      const [one, other] = [await replicas.instance(), await replicas.instance()]
      const first = await requestOnce(one, { version, device: fleet.device })
      const next = await requestOnce(other, {
        version,
        device: fleet.device,
        session: first.session,
      })
      expect([first.resumed, next.resumed, next.status]).toEqual([false, true, 200])
    })

    test(`${version}: after a change of trust a session of before is not resumed`, async () => {
      await using replicas = await replicasAt(url)
      const [one, other] = [await replicas.instance(), await replicas.instance()]
      const first = await requestOnce(one, { version, device: fleet.device })
      const old = await requestOnce(one, { version, device: fleet.old })
      const removal = { expected: 'any', force: true, aliveSince: undefined } as const
      unwrap(await replicas.store.enrollment.remove(ADMIN, 'Old Fleet', removal))
      for (const at of [one, other]) {
        await at.waitForLine(({ msg }) => msg === 'a change of the store is in force')
        const { session } = first
        const next = await requestOnce(at, { version, device: fleet.device, session })
        expect([next.resumed, next.status]).toEqual([false, 200])
        const gone = await requestOnce(at, { version, device: fleet.old, session: old.session })
        expect([gone.resumed, gone.status]).toEqual([false, 403])
      }
    })

    test(`${version}: what one replica replaces is replaced in the other, and the row that was is overwritten`, async () => {
      await using replicas = await replicasAt(url)
      const [one, other] = [await replicas.instance(), await replicas.instance()]
      const before = unwrap(await replicas.store.secrets.open(TICKET_SECRET))
      const good = await requestOnce(one, { version, device: fleet.device })
      const bare = await requestOnce(one, { version, path: '/enroll/x' })
      // Held to a session without a certificate that the other one began: the secret is replaced.
      const held = await requestOnce(other, {
        version,
        device: fleet.device,
        session: bare.session,
      })
      expect([held.resumed, held.status]).toEqual([true, 403])
      await Promise.all([one.waitForLine(replaced), other.waitForLine(replaced)])
      for (const at of [one, other]) {
        for (const { session } of [good, bare, held]) {
          const next = await requestOnce(at, { version, device: fleet.device, session })
          expect([next.resumed, next.status]).toEqual([false, 200])
        }
      }
      const after = unwrap(await replicas.store.secrets.open(TICKET_SECRET))
      expect(after?.version).toBe((before?.version ?? 0) + 1)
      expect(after?.secret.equals(before?.secret ?? Buffer.alloc(0))).toBe(false)
      expect(unwrap(await replicas.store.secrets.list())).toHaveLength(1)
      const fresh = await requestOnce(one, { version, device: fleet.device })
      const { session } = fresh
      expect((await requestOnce(other, { version, device: fleet.device, session })).resumed).toBe(
        true,
      )
    })

    test(`${version}: a replica with another key ring warns, serves, and resumes its own sessions only`, async () => {
      await using replicas = await replicasAt(url)
      const [one, stranger] = [
        await replicas.instance(),
        await replicas.instance('TFE_TEST_OTHER_RING'),
      ]
      const said = await stranger.waitForLine(({ code }) => code === 'key-wrong')
      expect(said['msg']).toBe(
        'the ticket secret is not shared: no other instance resumes our sessions',
      )
      const first = await requestOnce(one, { version, device: fleet.device })
      const across = await requestOnce(stranger, {
        version,
        device: fleet.device,
        session: first.session,
      })
      expect([across.resumed, across.status]).toEqual([false, 200])
      const own = await requestOnce(stranger, {
        version,
        device: fleet.device,
        session: across.session,
      })
      expect([own.resumed, own.status]).toEqual([true, 200])
    })
  }
  // A stranger's machine may have no PostgreSQL: the title says why this was not played there. `.ci/run` installs it.
} else test.skip(`tickets between replicas: ${postgres.why}`, () => {})
