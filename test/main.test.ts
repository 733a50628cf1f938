/** The program itself, as a shell sees it. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { dirname, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { CONFIGURATION, configurationFolder } from './support/cli/configuration-folder.ts'

function shell(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['src/main.ts', ...argv], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    timeout: 100_000, // a shell that waits would hold up vitest, whose own limit cannot interrupt this
  })
  return { status, stdout, stderr }
}

test('tfe --version prints the version of the package', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
  expect(shell(['--version'])).toEqual({ status: 0, stdout: `tfe ${version}\n`, stderr: '' })
})

test('misuse is said on standard error, exit code 2', () => {
  const { status, stdout, stderr } = shell(['sevre'])
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  expect(stderr).toContain('did you mean tfe serve?')
})

test('a relative path is of the folder that it was typed in, through npm and by tfe itself', async () => {
  await using made = await configurationFolder()
  const direct = spawnSync(process.execPath, [resolve('scripts/tfe.mjs'), 'check', 'tfe.yaml'], {
    cwd: dirname(made.config),
    encoding: 'utf8',
  })
  const npm = ['--prefix', process.cwd(), 'run', '-s', 'tfe', '--', 'check', 'tfe.yaml']
  const throughNpm = spawnSync('npm', npm, { cwd: dirname(made.config), encoding: 'utf8' })
  expect(throughNpm).toMatchObject({ status: 0, stdout: direct.stdout })
  expect(direct).toMatchObject({ status: 0, stderr: '' })
})

test('faults are an answer, exit code 1, and no stack trace', () => {
  const { status, stdout, stderr } = shell(['check', '/nowhere.yaml'])
  expect(status).toBe(1)
  expect(stdout + stderr).not.toContain('    at ')
})

test('serving a faulty configuration ends with exit code 1', () => {
  const { status, stderr } = shell(['serve', '--config', '/nowhere.yaml'])
  expect(status).toBe(1)
  expect(stderr).toContain('/nowhere.yaml: found no file')
})

test('a port that is taken keeps it from starting, exit code 3, and is named', async () => {
  const blocker = createServer()
  await new Promise<void>((resolve) => blocker.listen({ host: '127.0.0.1', port: 0 }, resolve))
  const { port } = blocker.address() as AddressInfo
  await using made = await configurationFolder(
    CONFIGURATION.replace('    port: 0', `    port: ${port}`).replace(
      'sqlite: data/tfe.sqlite',
      'dangerousNone: true',
    ),
  )
  const { status, stderr } = shell(['serve', '--config', made.config])
  expect(status).toBe(3)
  expect(stderr).toContain(`found 127.0.0.1:${port} in use`)
  await new Promise<void>((resolve) => blocker.close(() => resolve()))
})

test('colours show only where they are asked for', () => {
  expect(shell(['--help'], { NO_COLOR: '1' }).stdout).not.toContain('\u001B')
  expect(shell(['--help'], { FORCE_COLOR: '1', NO_COLOR: '' }).stdout).toContain('\u001B[1m')
})

test('where the locale does not draw signs there are words', () => {
  const spelt = shell(['check', '/nowhere.yaml'], { LC_ALL: 'C' })
  expect(spelt.stdout).toContain('NO  1 fault: nothing would be served')
  expect(spelt.stdout).toMatch(/^[ -~\n]*$/)
  expect(shell(['check', '/nowhere.yaml'], { LC_ALL: 'C.UTF-8' }).stdout).toContain('✗ 1 fault')
})
