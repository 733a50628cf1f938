/** Another day for this machine's programs: libfaketime, which Debian's package `faketime` brings. */
import { spawnSync } from 'node:child_process'
import process from 'node:process'

const MINUTE = 60_000

/**
 * The environment in which a program, and whatever it starts, finds it to be `at` now; time goes on from there. `at`
 * is in milliseconds since 1970.
 */
export function beginningAt(at: number): Readonly<Record<string, string>> {
  const seconds = Math.round((at - Date.now()) / 1000)
  return {
    LD_PRELOAD: preloaded(),
    // An offset, so that all processes agree and time goes on.
    FAKETIME: `${seconds < 0 ? '' : '+'}${seconds}`,
    // Timers and deadlines count on the other clock, which knows no date.
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
  }
}

/** Why no other day can be had here; nothing when one can. */
export function lackingClock(): string | undefined {
  if (spawnSync('faketime', ['--version'], { stdio: 'ignore' }).status !== 0) {
    return 'faketime is not here: apt-get install faketime'
  }
  const wanted = Date.UTC(2040, 1, 29, 12)
  const { stdout } = spawnSync(process.execPath, ['-p', 'Date.now()'], {
    env: { ...process.env, ...beginningAt(wanted) },
    encoding: 'utf8',
  })
  const off = Math.abs(Number(stdout) - wanted)
  return off < MINUTE ? undefined : 'faketime does not move the clock of this Node'
}

/** Where the library is, in the words of the command that comes with it. */
function preloaded(): string {
  const { stdout } = spawnSync('faketime', ['-m', '2020-01-01', 'printenv', 'LD_PRELOAD'], {
    encoding: 'utf8',
  })
  return stdout.trim()
}
