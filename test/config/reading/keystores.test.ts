import { expect, test } from 'vitest'
import type { FileReader } from '../../../src/config/reading/files.ts'
import { loadConfig } from '../../../src/config/load.ts'
import type { Pkcs12Failure } from '../../../src/handshake/pkcs12/failure.ts'
import type { Unused } from '../../../src/handshake/pkcs12/open.ts'
import { fail, ok } from '../../../src/kernel/types.ts'
import { inMemoryFiles } from '../../support/config/in-memory-files.ts'

const document = (identities: readonly string[]): string => `
profile: generic
store: { dangerousNone: true }
trust: { enrollmentSettings: [{ name: Fleet, standing: current, chain: file:fleet.pem }] }
listeners:
  devices:
    hosts: [mdm.example.com]
    certificates: [${identities.join(', ')}]
    routes: generic
upstreams:
  core: { url: https://core.example.com, identity: {} }
`

interface Opening {
  readonly failure?: Pkcs12Failure
  readonly unused?: readonly Unused[]
  readonly env?: Readonly<Record<string, string>>
}

async function loaded(
  identities: readonly string[],
  { failure, unused = [], env = {} }: Opening = {},
) {
  const asked: string[] = []
  const files: FileReader = {
    ...inMemoryFiles('c.yaml', document(identities)),
    openKeystore: async (bytes, passphrase) => {
      asked.push(`${bytes.toString().trim()} by ${passphrase ?? 'none'}`)
      return failure === undefined
        ? ok({ keyPem: `key ${asked.length}`, certificatePems: ['one'], unused })
        : fail(failure)
    },
  }
  return { asked, result: await loadConfig('c.yaml', env, files) }
}

const A = '{ pkcs12: file:a.p12, passphrase: file:a.pass }'

test('a file that is named twice with one passphrase is opened once, with another anew', async () => {
  const other = '{ pkcs12: file:a.p12, passphrase: env:OTHER }'
  const { asked, result } = await loaded([A, A, other, '{ pkcs12: file:a.p12 }'], {
    env: { OTHER: 'other\n' },
  })
  expect(asked).toEqual([
    'content of /given/a.p12 by content of /given/a.pass',
    'content of /given/a.p12 by other',
    'content of /given/a.p12 by none',
  ])
  if (!result.ok) throw new Error(JSON.stringify(result.failure))
  const [{ certificates }] = result.value.config.listeners
  expect(certificates).toEqual(
    [1, 1, 2, 3].map((opening, index) => ({
      kind: 'pkcs12',
      at: expect.stringContaining(`certificates[${index}].pkcs12`),
      opened: { keyPem: `key ${opening}`, certificatePems: ['one'] },
    })),
  )
})

test('nothing is opened without the passphrase that the document names', async () => {
  const { asked, result } = await loaded(['{ pkcs12: file:a.p12, passphrase: env:UNSET }'])
  expect(asked).toEqual([])
  expect(result.ok ? [] : result.failure.map(({ at }) => at)).toEqual([
    expect.stringContaining('certificates[0].passphrase'),
  ])
})

test('a file that does not open is a fault where the document names it, each time', async () => {
  const { asked, result } = await loaded([A, A], { failure: { kind: 'wrong-passphrase' } })
  expect(asked).toHaveLength(1)
  expect(result).toEqual({
    ok: false,
    failure: [0, 1].map((index) => ({
      at: expect.stringContaining(`certificates[${index}].pkcs12`),
      message:
        'found a passphrase that does not open /given/a.p12, wanted the one it was exported with: set `passphrase: file:…` or `env:…`',
    })),
  })
})

test('what is left out of a file is a warning where the document names it', async () => {
  const why = { kind: 'unsupported', what: 'encryption', algorithm: 'RC4 with 40 bits' } as const
  const { result } = await loaded([A], {
    unused: [
      { kind: 'other', type: 'secret', count: 2 },
      { kind: 'closed', why },
    ],
  })
  if (!result.ok) throw new Error(JSON.stringify(result.failure))
  const told = result.value.warnings.filter(({ at }) => at.includes('certificates[0]'))
  expect(told.map(({ message }) => message)).toEqual([
    'found 2 × secret beside the identity in /given/a.p12, wanted only the key and its certificates: the rest is not used, leave it out at the next export',
    'found a part of /given/a.p12 that this program cannot open (RC4 with 40 bits), wanted all of it under the passphrase: if the chain is in there, export it again with AES',
  ])
})
