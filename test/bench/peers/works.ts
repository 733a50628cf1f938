/** What is measured: the rows of the table, and what the acceptance of the data path allows for each. */
import type { LoadOptions } from './load.ts'

export interface Work {
  readonly id: WorkId
  readonly title: string
  readonly load: LoadOptions
  /** Units in a round; a tenth of it with `--scale small`. */
  readonly turns: number
  /** Units before the first round; as many as in a round where it is left out. */
  readonly warmUp?: number
  /** Whether each connection shows a certificate of its own that no server has seen before. */
  readonly isNeverSeen?: true
  /** What a unit is: one turn, or a megabyte that was carried. */
  readonly per: 'turn' | 'MB'
  /** Whether a server without HTTP and without an upstream can do it. */
  readonly isForFloor: boolean
}

export type WorkId =
  'get' | 'post' | 'full13' | 'full12' | 'new13' | 'new12' | 'resumed13' | 'resumed12' | 'bulk'

const REQUESTS = { work: 'keep', connections: 32 } as const
const CONNECTIONS = { work: 'connect', connections: 16 } as const
const RESUMED = { work: 'resume', connections: 16 } as const
const turn = { per: 'turn', isForFloor: true } as const

/** In the order in which they run. */
export const WORKS: readonly Work[] = [
  { id: 'get', title: 'keep-alive GET', load: REQUESTS, turns: 30_000, ...turn },
  {
    id: 'post',
    title: 'POST 4 KB',
    load: { ...REQUESTS, body: 4096 },
    turns: 20_000,
    ...turn,
    isForFloor: false,
  },
  {
    id: 'full13',
    title: 'full handshake 1.3',
    load: { ...CONNECTIONS, tls: '1.3' },
    turns: 1000,
    ...turn,
  },
  {
    id: 'full12',
    title: 'full handshake 1.2',
    load: { ...CONNECTIONS, tls: '1.2' },
    turns: 1000,
    ...turn,
  },
  {
    id: 'new13',
    title: 'full 1.3, never seen',
    load: { ...CONNECTIONS, tls: '1.3' },
    turns: 1000,
    isNeverSeen: true,
    ...turn,
  },
  {
    id: 'new12',
    title: 'full 1.2, never seen',
    load: { ...CONNECTIONS, tls: '1.2' },
    turns: 1000,
    isNeverSeen: true,
    ...turn,
  },
  {
    id: 'resumed13',
    title: 'resumed 1.3',
    load: { ...RESUMED, tls: '1.3' },
    turns: 2400,
    ...turn,
  },
  {
    id: 'resumed12',
    title: 'resumed 1.2',
    load: { ...RESUMED, tls: '1.2' },
    turns: 2400,
    ...turn,
  },
  {
    id: 'bulk',
    title: 'bulk',
    load: { work: 'keep', connections: 2, path: '/large' },
    turns: 10,
    per: 'MB',
    isForFloor: false,
  },
]

/** The row that is measured apart: what an idle connection holds. */
export const IDLE = { id: 'idle', title: 'idle connection', connections: 5000 } as const
