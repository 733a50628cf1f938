/**
 * C2: `tfe explain` says what a device meets now: by the front end that serves where there is one, else by the store of
 * the configuration. The control judges by the file alone, as it did before.
 */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tfe, type CommandOutput } from '../../support/cli/run-command.ts'
import type { Leaf } from '../../support/certificates/mint.ts'
import { fleet, productYaml, writeFiles } from '../../support/front-ends/product.ts'
import type { KeyFingerprint } from '../../../src/kernel/types.ts'
import { withControl, type Case, type Scene, type Seen } from '../case.ts'
import { frontEnd, keyOf, storeIn, type FrontEnd } from '../front-end.ts'

const ROUTE = ['--route', '/device/x'] as const

/** The verdict of a command, with its exit code. */
const saidBy = ({ code, out }: CommandOutput): string =>
  `${/(?:REFUSED|ADMITTED): ([a-z-]+)/u.exec(out)?.[1] ?? 'no verdict'}, exit ${code}`

interface Folder extends Disposable {
  readonly write: (name: string, content: string) => string
}

function folder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'tfe-cases-'))
  writeFiles(path)
  return {
    write(name, content) {
      const file = join(path, name)
      writeFileSync(file, content)
      return file
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true }),
  }
}

/** By the file alone: nothing of a store and nothing of a front end is asked. */
async function byFile(leaf: Leaf): Promise<string> {
  using files = folder()
  const config = files.write('tfe.yaml', productYaml({ upstreamPort: 1 }))
  const certificate = files.write('device.pem', leaf.pem)
  return saidBy(await tfe(['explain', certificate, '--config', config, '--offline', ...ROUTE]))
}

async function byRunning(on: FrontEnd, leaf: Leaf): Promise<string> {
  using files = folder()
  return saidBy(await on.type('explain', files.write('device.pem', leaf.pem), ...ROUTE))
}

async function promoteNext(on: FrontEnd): Promise<void> {
  const chain = fleet.stranger.pem
  await on.call('POST', '/api/enrollment-settings', { name: 'Next', source: 'other', chain })
  await on.call('POST', '/api/enrollment-settings/Next/promote', {
    cut_off: 'not-before',
    sunset: null,
  })
  await on.inForce()
}

const met = async (on: FrontEnd, leaf: Leaf): Promise<string> =>
  (await on.verdict(leaf)).split(' ')[1] ?? ''

/** What is explained, beside what is met. */
const both = (explained: string, found: string): string => `met ${found}, explained ${explained}`

async function afterPromote(isDefended: boolean): Promise<readonly string[]> {
  await using on = await frontEnd()
  await promoteNext(on)
  const found = await met(on, fleet.unknown)
  const said = isDefended ? await byRunning(on, fleet.unknown) : await byFile(fleet.unknown)
  return [both(said, found)]
}

async function liveDenyList(isDefended: boolean): Promise<readonly string[]> {
  await using on = await frontEnd()
  await on.call('POST', '/api/deny-list', {
    denied: { kind: 'key', key: keyOf(fleet.device) },
    note: 'stolen',
  })
  await on.inForce()
  const found = await met(on, fleet.device)
  const said = isDefended ? await byRunning(on, fleet.device) : await byFile(fleet.device)
  return [both(said, found)]
}

/** Another replica writes into the store that both serve from. */
async function replicaChanged(isDefended: boolean): Promise<readonly string[]> {
  await using on = await frontEnd()
  {
    await using store = await storeIn(join(on.product.folder, 'data/tfe.sqlite'))
    const key = keyOf(fleet.device) as KeyFingerprint
    await store.denials.add({ who: 'other', from: 'replica' }, { kind: 'key', key }, '')
  }
  await on.inForce()
  const found = await met(on, fleet.device)
  const said = isDefended ? await byRunning(on, fleet.device) : await byFile(fleet.device)
  return [both(said, found)]
}

/** The front end has ended; its store says what the next one will begin with. */
async function noneServes(isDefended: boolean): Promise<readonly string[]> {
  using files = folder()
  const path = files.write('tfe.sqlite', '')
  rmSync(path)
  let found: string
  {
    await using on = await frontEnd({ store: path })
    await promoteNext(on)
    found = await met(on, fleet.unknown)
  }
  if (!isDefended) return [both(await byFile(fleet.unknown), found)]
  const yaml = { store: ` { sqlite: '${path}' }` }
  const config = files.write('tfe.yaml', productYaml({ upstreamPort: 1, yaml }))
  const certificate = files.write('device.pem', fleet.unknown.pem)
  const typed = ['explain', certificate, '--config', config, ...ROUTE] as const
  const env = { TFE_ADMIN_URL: 'http://127.0.0.1:1', TFE_ADMIN_TOKEN: 'tfe_x' }
  const output = await tfe([...typed], env)
  const isSaid = /^no front end was asked: .*nothing listens there/u.test(output.out)
  return [`${both(saidBy(output), found)}${isSaid ? ', and that none was asked' : ''}`]
}

/** A store that is no store any more: the file's word is given, and what it lacks is said at its lines. */
async function storeUnreadable(isDefended: boolean): Promise<readonly string[]> {
  using files = folder()
  const path = files.write('tfe.sqlite', 'no store, and longer than a header of one')
  truncateSync(path, 20)
  const store = isDefended ? ` { sqlite: '${path}' }` : ' { dangerousNone: true }'
  const config = files.write('tfe.yaml', productYaml({ upstreamPort: 1, yaml: { store } }))
  const certificate = files.write('device.pem', fleet.device.pem)
  const output = await tfe(['explain', certificate, '--config', config, ...ROUTE])
  const told = [
    /whose store could not be read/u,
    /The deny list\n.*that of the configuration is empty/u,
    /could not be read\n/u,
    /What was not asked\n/u,
  ].filter((line) => line.test(output.out))
  return [`${saidBy(output)}, ${told.length} of 4 lines say what is not known`]
}

const scene = (
  it: Omit<Case, 'id'>,
  steps: (isDefended: boolean) => Promise<readonly string[]>,
): Scene => ({
  cases: [{ id: 'C2', ...it }],
  play: (): Promise<readonly Seen[]> => withControl(steps),
})

export const EXPLAINED: readonly Scene[] = [
  scene(
    {
      what: 'a certificate of a CA that was uploaded and promoted is explained',
      expected: both('verified, exit 0', 'verified'),
      control: both('untrusted-issuer, exit 1', 'verified'),
    },
    afterPromote,
  ),
  scene(
    {
      what: 'a key on the live deny list is explained',
      expected: both('denied-key, exit 1', 'denied-key'),
      control: both('verified, exit 0', 'denied-key'),
    },
    liveDenyList,
  ),
  scene(
    {
      what: 'a key that another replica put on the deny list is explained',
      expected: both('denied-key, exit 1', 'denied-key'),
      control: both('verified, exit 0', 'denied-key'),
    },
    replicaChanged,
  ),
  scene(
    {
      what: 'no front end serves: its store says what the next one would',
      expected: `${both('verified, exit 0', 'verified')}, and that none was asked`,
      control: both('untrusted-issuer, exit 1', 'verified'),
    },
    noneServes,
  ),
  scene(
    {
      what: 'no front end serves and its store cannot be read',
      expected: 'verified, exit 0, 4 of 4 lines say what is not known',
      control: 'verified, exit 0, 0 of 4 lines say what is not known',
    },
    storeUnreadable,
  ),
]
