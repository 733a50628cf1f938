import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { expect, test } from 'vitest'
import {
  presentedBy,
  type Presented,
  type PresentedChain,
} from '../../../src/identify/presented.ts'
import { ok } from '../../../src/kernel/types.ts'
import { selfTestFault, type ReadPresented } from '../../../src/serve/self-test/self-test.ts'
import { productYaml, writeFiles } from '../../support/front-ends/product.ts'
import { claimPort } from '../../support/ports/claim-port.ts'
import { Program } from '../../support/programs/program.ts'

const MAIN = join(import.meta.dirname, '../../../src/main.ts')
const BOTH = ['TLSv1.2', 'TLSv1.3'] as const

/** A runtime that shows something else than what was presented. */
const playing =
  (change: (presented: Presented, socket: TLSSocket) => Presented): ReadPresented =>
  (socket) =>
    change(presentedBy(socket), socket)

const isOver = (version: string, socket: TLSSocket): boolean => socket.getProtocol() === version
/** What a chain shows, with something of it changed. */
const changed = (chain: PresentedChain, change: Partial<PresentedChain>): PresentedChain => {
  const { kind, resumed, leaf, handshakeOctets } = chain
  const intermediates = (): ReturnType<PresentedChain['intermediates']> => chain.intermediates()
  return { kind, resumed, leaf, handshakeOctets, intermediates, ...change }
}
const alone = (presented: Presented): Presented =>
  presented.kind === 'chain' ? changed(presented, { intermediates: () => ok([]) }) : presented

test('the runtime that runs this passes, and is not tried again', async () => {
  let looks = 0
  const observe = playing((presented) => {
    looks += 1
    return presented
  })
  expect(await selfTestFault(BOTH, observe)).toBeUndefined()
  expect(looks).toBe(12)
  expect(await selfTestFault(['TLSv1.3'], observe)).toBeUndefined()
  expect(looks).toBe(12)
})

for (const tls of BOTH) {
  const rows: readonly (readonly [promise: string, readPresented: ReadPresented, fault: object])[] =
    [
      [
        'loses intermediates',
        playing((presented, socket) => (isOver(tls, socket) ? alone(presented) : presented)),
        { kind: 'runtime-loses-chain', presented: 2, kept: 1 },
      ],
      [
        'loses intermediates once authorities are named',
        // As Node 24 did: only where OpenSSL came to like the chain.
        playing((presented, socket) =>
          isOver(tls, socket) && socket.authorizationError === null ? alone(presented) : presented,
        ),
        { kind: 'runtime-loses-chain', presented: 2, kept: 1 },
      ],
      [
        'shows intermediates in the place of the leaf',
        playing((presented, socket) => {
          if (presented.kind !== 'chain' || !isOver(tls, socket)) return presented
          const others = presented.intermediates()
          const [first = presented.leaf] = others.ok ? others.value : []
          return changed(presented, { leaf: first, intermediates: () => ok([presented.leaf]) })
        }),
        { kind: 'runtime-loses-chain', presented: 2, kept: 2 },
      ],
      [
        'never resumes',
        playing((presented, socket) => {
          if (!isOver(tls, socket)) return presented
          if (presented.kind === 'none') return { kind: 'none', resumed: false }
          return presented.kind === 'chain' ? changed(presented, { resumed: false }) : presented
        }),
        { kind: 'runtime-does-not-resume' },
      ],
      [
        'forgets who resumes',
        playing((presented, socket) =>
          presented.kind === 'chain' && presented.resumed && isOver(tls, socket)
            ? { kind: 'none', resumed: true }
            : presented,
        ),
        { kind: 'runtime-loses-leaf' },
      ],
      [
        'gives a certificate to who has none',
        inventing((presented) => presented.resumed, tls),
        { kind: 'runtime-invents-certificate' },
      ],
      [
        'cannot look at a peer',
        playing((presented, socket) => {
          if (isOver(tls, socket)) throw new Error('no such method')
          return presented
        }),
        { kind: 'runtime-cannot-handshake', detail: 'no such method' },
      ],
    ]
  for (const [promise, observe, fault] of rows) {
    test(`over ${tls}, a runtime that ${promise} does not pass`, async () => {
      expect(await selfTestFault(BOTH, observe)).toEqual({ tls, ...fault })
    })
  }
}

/** Shows the last certificate seen where there is none. */
function inventing(
  where: (none: Presented & { kind: 'none' }) => boolean,
  tls: string,
): ReadPresented {
  let last: Presented | undefined
  return playing((presented, socket) => {
    if (presented.kind === 'chain') last = presented
    if (presented.kind !== 'none' || !where(presented) || !isOver(tls, socket)) return presented
    return last ?? presented
  })
}

test('a version that no listener speaks is not tried', async () => {
  const deaf = playing((presented, socket) =>
    isOver('TLSv1.2', socket) ? alone(presented) : presented,
  )
  expect(await selfTestFault(['TLSv1.3'], deaf)).toBeUndefined()
  expect(await selfTestFault(['TLSv1.2'], deaf)).toMatchObject({ kind: 'runtime-loses-chain' })
})

/** Node as it would be if it kept the leaf alone. */
const FORGETFUL = `
import { X509Certificate } from 'node:crypto'
import { TLSSocket } from 'node:tls'
const real = TLSSocket.prototype.getPeerX509Certificate
TLSSocket.prototype.getPeerX509Certificate = function () {
  const whole = real.call(this)
  return whole === undefined ? undefined : new X509Certificate(whole.raw)
}
`

for (const workers of [1, 2]) {
  test(`tfe serve tests its runtime once at the start (workers: ${workers})`, async () => {
    const { code, out, complaint } = await serve({ workers, preload: '', until: /"msg":"serving"/ })
    expect(complaint).toBe('')
    expect(out.match(/"self_test_ms":[0-9]+/g)).toHaveLength(1)
    expect(code).toBe(0)
  })

  test(`tfe serve does not start on a runtime that loses chains (workers: ${workers})`, async () => {
    const { code, out, complaint } = await serve({ workers, preload: FORGETFUL })
    const { node, openssl } = process.versions
    expect(complaint).toContain(
      `runtime-loses-chain: Node ${node} (OpenSSL ${openssl}) shows 1 of 2 certificates that a peer presented over TLSv1.2`,
    )
    expect(complaint).toContain('npm ci')
    expect(out).not.toContain('serving')
    expect(code).toBe(3)
  })
}

/** `tfe serve`, ended once it has said something, or left until it ends by itself. */
async function serve({ workers, preload, until }: Run): Promise<End> {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-self-test-'))
  try {
    writeFiles(folder)
    const yaml = productYaml({ upstreamPort: 1, workers })
    const port = await claimPort()
    writeFileSync(join(folder, 'tfe.yaml'), yaml.replace('port: 0\n', `port: ${port}\n`))
    writeFileSync(join(folder, 'preload.mjs'), preload)
    const config = join(folder, 'tfe.yaml')
    const args = ['--import', join(folder, 'preload.mjs'), MAIN, 'serve', '--config', config]
    const program = new Program(process.execPath, args)
    if (until !== undefined) await program.until(until)
    const code = until === undefined ? await program.ended : await program.end()
    return { code, out: program.out, complaint: program.err }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Run {
  readonly workers: number
  readonly preload: string
  readonly until?: RegExp
}

interface End {
  readonly code: number | null
  readonly out: string
  readonly complaint: string
}
