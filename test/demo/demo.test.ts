import { readFile, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { hasCommand } from '../support/commands.ts'
import { Program } from '../support/programs/program.ts'
import { emptyFolder, onOwnPorts, startDemo } from './demo-process.ts'

/** Whole processes on a machine that may be busy; nothing here measures time. */

/** A printed line to paste, and the result printed above it. */
interface Printed {
  readonly what: string
  readonly status: string
  readonly because: string
  readonly command: string
}

const printedIn = (text: string): readonly Printed[] =>
  [...text.matchAll(/^ {2}(\S.*?) +→ (\d{3}) (.*)\n {2}(curl .*)$/gm)].map(
    ([, what = '', status = '', because = '', command = '']) => ({
      what,
      status,
      because,
      command,
    }),
  )

async function pasted(command: string, cwd: string): Promise<{ out: string; code: number | null }> {
  const shell = new Program('sh', ['-c', command], { cwd })
  return { code: await shell.ended, out: shell.out }
}

/** Another `tfe` line, called as the printed ones are. */
function tfeLine(text: string, line: string): string {
  const [, exported = '', tfe = ''] =
    /^ {2}(export TFE_ADMIN_URL.*)\n[\s\S]*?^ {2}(\S.*) devices list$/mu.exec(text) ?? []
  return `${exported}\n${tfe} ${line}`
}

test.skipIf(!hasCommand('curl', ['--version']))(
  'every printed curl line, pasted as it is, gives the printed result',
  async () => {
    await using folder = await emptyFolder()
    await using demo = startDemo(folder.path, await onOwnPorts())
    await demo.until(/Ctrl-C ends everything/)
    const printed = printedIn(demo.text)
    expect(printed.length).toBe(demo.text.match(/^ {2}curl /gm)?.length)
    expect(printed.length).toBeGreaterThanOrEqual(21)
    for (const { what, status, because, command } of printed) {
      const { out, code } = await pasted(command, folder.path)
      if (status === '000') {
        expect([what, code === 0, out]).toEqual([what, false, ''])
        continue
      }
      expect([what, code, out.slice(0, 12)]).toEqual([what, 0, `HTTP/1.1 ${status}`])
      if (command.includes('/api/')) continue
      // What the front end says of it goes by the same word.
      const word = /^refused: ([a-z-]+)$/.exec(because)?.[1]
      if (word !== undefined) await demo.until(new RegExp(`✗ ${status}  .*refused: ${word}`))
      if (status === '200') expect(out).toContain('"this is": "the demo MDM')
      else expect(out).toMatch(/"reference":"[0-9a-f]+-1"/)
    }
  },
)

test.skipIf(!hasCommand('curl', ['--version']))(
  'the demo MDM shows who it was told the device is, in grace as expired, and no device on open routes',
  async () => {
    await using folder = await emptyFolder()
    await using demo = startDemo(folder.path, await onOwnPorts())
    await demo.until(/Ctrl-C ends everything/)
    const seen = new Map<string, string>()
    for (const { what, command } of printedIn(demo.text)) {
      seen.set(what, (await pasted(command, folder.path)).out)
    }
    expect(seen.get('a device of the current CA')).toContain('CN=current"')
    expect(seen.get('a device of the current CA')).toContain('"verify": "SUCCESS"')
    expect(seen.get('a device of the current CA')).toContain('"sent by": "Trusted Front End')
    expect(seen.get('a device of the previously trusted CA')).toContain('CN=previous"')
    const renewing = printedIn(demo.text).filter(({ because }) => because.includes('in grace'))
    expect(renewing).toHaveLength(1)
    const { out } = await pasted(renewing[0]?.command ?? '', folder.path)
    expect(out).toContain('"verify": "FAILED:expired-grace"')
    for (const what of ['a new device', 'a forged identity field']) {
      expect(seen.get(what)).toContain('"device": "no device was named"')
      expect(seen.get(what)).not.toContain('forged')
    }
  },
)

test.skipIf(!hasCommand('curl', ['--version']))(
  'the printed line to understand a refusal explains it, and the printed pages answer',
  async () => {
    await using folder = await emptyFolder()
    await using demo = startDemo(folder.path, await onOwnPorts())
    await demo.until(/Ctrl-C ends everything/)
    const [, line = ''] = await demo.until(/^ {2}((?:npm|node) .* explain .*)$/m)
    const explained = await pasted(line, folder.path)
    expect(explained.code).toBe(1)
    expect(explained.out).toContain('REFUSED: untrusted-issuer')
    const [, metrics = ''] = await demo.until(/^ {2}metrics +(\S+)$/m)
    const [, ready = ''] = await demo.until(/^ {2}readiness +(\S+)$/m)
    expect(await (await fetch(metrics)).text()).toContain('tfe_requests_total')
    expect((await fetch(ready)).status).toBe(200)
  },
)

test.skipIf(!hasCommand('curl', ['--version']))(
  'the printed tfe lines, pasted in turn, list a device, block it and let it in again, as they say',
  async () => {
    await using folder = await emptyFolder()
    await using demo = startDemo(folder.path, await onOwnPorts())
    await demo.until(/Ctrl-C ends everything/)
    const current = printedIn(demo.text).find(({ what }) => what === 'a device of the current CA')
    expect((await pasted(current?.command ?? '', folder.path)).out).toContain(' 200 ')
    const lines = [...demo.text.matchAll(/^ {2}\S.*? +→ (\D.*)\n {2}(export .*|.* devices .*)$/gmu)]
    expect(lines).toHaveLength(4)
    const [[, , exported = ''] = [], [, , list = ''] = []] = lines
    const [, , [, blockedSays = '', block = ''] = [], [, unblockedSays = '', unblock = ''] = []] =
      lines
    expect(blockedSays).toContain('closed without an answer')
    expect(unblockedSays).toContain('admitted as before')
    // What a device shows is in the store a moment after it was answered.
    const listed = `until ${list} | grep -q verified; do :; done; ${list}`
    const checkIn = current?.command ?? ''
    const steps: readonly (readonly [line: string, said: RegExp])[] = [
      [listed, / verified /u],
      [block, / is blocked\n$/u],
      [list, / blocked /u],
      // Within two seconds every process judges by it.
      [`while ${checkIn} >/dev/null; do :; done; ${checkIn} || :`, /^$/u],
      [unblock, / is unblocked\n$/u],
      [`until ${checkIn} >/dev/null; do :; done; ${checkIn}`, /^HTTP\/1.1 200 /u],
    ]
    for (const [line, said] of steps) {
      const { out, code } = await pasted(`${exported}\n${line}`, folder.path)
      expect([line, code, out]).toEqual([line, 0, expect.stringMatching(said)])
    }
  },
)

test('SIGHUP reloads: what came of it is told with every fault, and the demonstration goes on', async () => {
  await using folder = await emptyFolder()
  await using demo = startDemo(folder.path, await onOwnPorts())
  await demo.until(/Ctrl-C ends everything/)
  demo.signal('SIGHUP')
  await demo.until(/· +reload unchanged\n/)
  const file = join(folder.path, 'demo-data/demo.yaml')
  const text = await readFile(file, 'utf8')
  await writeFile(file, text.replace('profile: generic', 'profile: none').replace('30d', 'long'))
  demo.signal('SIGHUP')
  await demo.until(
    /error +reload refused: .*\n {10}\S+demo.yaml:7:\d+ .*found .*\n {10}\S+demo.yaml:10:\d+ .*found .*\n/,
  )
  await writeFile(file, text.replace('grace: 30d', 'grace: 20d'))
  demo.signal('SIGHUP')
  await demo.until(/✓ +reload applied\n/)
  expect(demo.text).not.toContain('undefined')
  expect(demo.text.match(/which is no public authority/g)).toHaveLength(1)
  expect(await demo.end('SIGINT')).toBe(0)
  expect(demo.text).toContain('✓ all gone')
})

test('a change of the store is told with what was changed, and the next start promises nothing that it made untrue', async () => {
  await using folder = await emptyFolder()
  const options = await onOwnPorts()
  await using demo = startDemo(folder.path, options)
  await demo.until(/Ctrl-C ends everything/)
  const promoted = await pasted(tfeLine(demo.text, "ca promote 'Previous Device CA'"), folder.path)
  expect(promoted).toMatchObject({ code: 0 })
  await demo.until(/✓ +a change of the store is in force: .*enrollment Previous Device CA/)
  expect(demo.text.match(/which is no public authority/g)).toHaveLength(1)
  expect(await demo.end('SIGINT')).toBe(0)
  await using next = startDemo(folder.path, options)
  await next.until(/Ctrl-C ends everything/)
  expect(printedIn(next.text)).toEqual([])
  expect(next.text).not.toContain('→ ')
  expect(next.text).toContain(
    'by now:\n\n  Current Device CA is previously trusted\n  Previous Device CA is current\n\n',
  )
  expect(next.text).toMatch(/For that fleet end this, remove demo-data, and start again/)
  const listed = await pasted(tfeLine(next.text, 'ca list'), folder.path)
  expect(listed.out).toMatch(/Previous Device CA +current/)
})

test('a second start reuses what is there, and Ctrl-C ends each with exit code 0', async () => {
  await using folder = await emptyFolder()
  const options = await onOwnPorts()
  await using first = startDemo(folder.path, options)
  await first.until(/made 16 keys and certificates[\s\S]*Ctrl-C ends everything/)
  expect(await first.end('SIGINT')).toBe(0)
  await using second = startDemo(folder.path, options)
  await second.until(/reused 16 keys and certificates[\s\S]*Ctrl-C ends everything/)
  // Nothing was changed: what the first start promised holds.
  expect(printedIn(second.text).map(({ what }) => what)).toEqual(
    printedIn(first.text).map(({ what }) => what),
  )
  expect(printedIn(second.text).length).toBeGreaterThanOrEqual(21)
  expect(await second.end('SIGTERM')).toBe(0)
})

test('a taken port is named with the option that chooses another, nothing is made, exit code 3', async () => {
  await using folder = await emptyFolder()
  const blocker = createServer()
  await new Promise<void>((resolve) => blocker.listen({ host: '127.0.0.1', port: 0 }, resolve))
  const { port } = blocker.address() as AddressInfo
  const options = [`--port=${port}`, ...(await onOwnPorts()).slice(1)]
  await using demo = startDemo(folder.path, options)
  expect(await demo.ended).toBe(3)
  expect(demo.text).toContain(`the front end cannot have port ${port}: another program has it`)
  expect(demo.text).toMatch(/choose another with --port \d+/)
  expect(demo.text).not.toContain('made')
  await new Promise<void>((resolve) => blocker.close(() => resolve()))
})

test('a folder that the demonstration did not make is left alone, exit code 3', async () => {
  await using folder = await emptyFolder()
  const options = await onOwnPorts()
  await using demo = startDemo(folder.path, [...options, '--dir', import.meta.dirname])
  expect(await demo.ended).toBe(3)
  expect(demo.text).toContain('holds files that the demonstration did not make')
})

test('with --json standard output holds nothing but the JSON lines of the front end', async () => {
  await using folder = await emptyFolder()
  const options = await onOwnPorts()
  await using demo = startDemo(folder.path, [...options, '--json'])
  await demo.until(/Ctrl-C ends everything[\s\S]*"msg":"serving"/)
  await fetch(`https://localhost:${options[0]?.slice('--port='.length)}/`).catch(() => undefined)
  await demo.until(/"outcome":"handshake-failed"/)
  expect(await demo.end()).toBe(0)
  const lines = demo.out.trimEnd().split('\n')
  expect(lines.map((line) => typeof JSON.parse(line))).toEqual(lines.map(() => 'object'))
})
