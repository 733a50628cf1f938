/** The curves: what each varies, and who is measured at each size. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mintCa } from '../../support/certificates/mint.ts'
import type { Candidate, Variant } from './candidate.ts'
import { frontEnd, imageStart, type FrontEndSettings } from './front-end.ts'
import { knownDevices } from './known-devices.ts'
import { nginx, type NginxSettings } from './nginx.ts'
import { currentCommit, ROOT } from './prepare.ts'
import { writeRevocationLists } from './revocation-lists.ts'
import type { OpenBench } from './setup.ts'
import { WORKS, type Work, type WorkId } from './works.ts'

export interface CurvePlan {
  readonly id: string
  /** What is counted along the axis. */
  readonly title: string
  readonly sizes: readonly number[]
  readonly work: Work
  /** Where the work depends on the size. */
  readonly workAt?: (size: number) => Work
  /** How many connections rest meanwhile. */
  readonly restingAt?: (size: number) => number
  /** Prepares a size, and gives who is measured there. */
  readonly candidates: (size: number) => Promise<readonly Candidate[]>
}

/** All curves, in the order of the page. */
export async function curvePlans({ prepared, bench }: OpenBench): Promise<readonly CurvePlan[]> {
  const { versions, allocator, folder, pki, issuers } = prepared
  const image = await imageStart(ROOT, allocator)
  const version = currentCommit()
  const ours = (settings: FrontEndSettings = {}): Candidate =>
    frontEnd({ tree: ROOT, image }, { ...variant('tfe', 'TFE'), version }, settings)
  const theirs = (settings: NginxSettings = {}): Candidate =>
    nginx(versions.nginx, variant('nginx', 'nginx'), settings)
  return [
    {
      id: 'connections',
      title: 'open connections',
      sizes: [10, 100, 1000, 10_000],
      work: shorter('get', 10_000),
      workAt: (size) => withConnections(shorter('get', 10_000), Math.min(size, ACTIVE)),
      restingAt: (size) => Math.max(0, size - ACTIVE),
      candidates: async () => [theirs(), ours()],
    },
    {
      id: 'devices',
      title: 'devices in the store',
      // A million is for `--sizes`: a store takes some ten minutes to learn them.
      sizes: [1000, 10_000, 100_000],
      work: shorter('new13', 500),
      candidates: async (size) => {
        const store = await knownDevices(bench.site, ours, size)
        return [ours({ store })]
      },
    },
    {
      id: 'cas',
      title: 'trusted CAs',
      sizes: [1, 10, 100, 400],
      work: shorter('new13', 500),
      candidates: async (size) => {
        const cas = writeCas(folder, pki, size)
        return [theirs({ cas: cas.together }), ours({ enrollmentSettings: cas.settings })]
      },
    },
    {
      id: 'revoked',
      title: 'entries of a revocation list',
      sizes: [0, 1000, 100_000, 1_000_000],
      work: shorter('new13', 500),
      candidates: async (size) => {
        const lists = writeRevocationLists(folder, issuers, size)
        return [theirs({ crls: lists.together }), ours({ enrollmentSettings: [lists.setting] })]
      },
    },
    {
      id: 'rows',
      title: 'route rows before the one that is met',
      sizes: [10, 100, 1000],
      work: shorter('get', 10_000),
      candidates: async (size) => {
        const prefixes = Array.from({ length: size }, (_, at) => `/area-${at}/`)
        const rows = prefixes.map((prefix, at) => ({
          id: `area-${at}`,
          path: `${prefix}*`,
          class: 'device',
        }))
        return [theirs({ prefixes }), ours({ rows })]
      },
    },
  ]
}

/** Connections that make requests; the others rest. */
const ACTIVE = 32

const variant = (name: string, title: string): Variant => ({
  name,
  title,
  workers: 1,
  isLogging: false,
})

/**
 * The same work as in the comparison, and less of it: there are many points. Before, as much as it takes until the code of
 * a server that was just started is compiled.
 */
function shorter(id: WorkId, turns: number): Work {
  const work = WORKS.find((one) => one.id === id)
  if (work === undefined) throw new Error(`found no work ${id}`)
  return { ...work, turns, warmUp: id === 'get' ? 10_000 : 1500 }
}

const withConnections = (work: Work, connections: number): Work => ({
  ...work,
  load: { ...work.load, connections },
})

/** The CA of the devices and others: as settings of ours, and together in one file. */
function writeCas(folder: string, pki: string, size: number) {
  const own = { name: 'bench', standing: 'current', chain: `file:${pki}/root.pem` }
  const others = Array.from({ length: size - 1 }, (_, at) => {
    const { pem } = mintCa({ name: `Other Root ${at}` })
    writeFileSync(join(folder, `other-${at}.pem`), pem)
    const chain = `file:${folder}/other-${at}.pem`
    const setting = {
      name: `other ${at}`,
      standing: 'previously-trusted',
      retiredAt: '2100-01-01T00:00:00Z',
      chain,
    }
    return { pem, setting }
  })
  const together = join(folder, `cas-${size}.pem`)
  const text = [readFileSync(join(pki, 'root.pem'), 'utf8'), ...others.map(({ pem }) => pem)]
  writeFileSync(together, text.join(''))
  return { together, settings: [own, ...others.map(({ setting }) => setting)] }
}
