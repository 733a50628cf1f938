/** What ends at an instant of the real clock, set up before that instant however busy the machine is. */
import type { Instant } from '../../src/kernel/types.ts'

/** What was set up, and when it ends; ends with its scope. */
export interface InTime<Scene> extends AsyncDisposable {
  readonly scene: Scene
  readonly ends: Instant
}

/**
 * Sets up what ends at `ends`, a whole second, and is done before that. An attempt that the end overtakes says nothing
 * and is taken down; the next one has three times the time. `stack` takes down what an attempt has made.
 */
export async function inTime<Scene>(
  setUp: (ends: Instant, stack: AsyncDisposableStack) => Promise<Scene>,
): Promise<InTime<Scene>> {
  for (let allowed = FIRST_MS; ; allowed *= 3) {
    await using stack = new AsyncDisposableStack()
    const ends = (Math.floor(Date.now() / 1000) * 1000 + allowed) as Instant
    const { promise: overtaken, resolve } = Promise.withResolvers<undefined>()
    const timer = setTimeout(() => resolve(undefined), ends - Date.now())
    const attempt = setUp(ends, stack).then(
      (scene) => ({ scene }),
      (error: unknown) => {
        // What fails because the end has come is no failure of its own.
        if (Date.now() < ends) throw error
        return undefined
      },
    )
    const done = await Promise.race([attempt, overtaken]).finally(() => clearTimeout(timer))
    if (done !== undefined && Date.now() < ends) {
      const kept = stack.move()
      return { ...done, ends, [Symbol.asyncDispose]: () => kept.disposeAsync() }
    }
  }
}

/** On a machine that does nothing else, two workers start and meet a dozen devices in half of it. */
const FIRST_MS = 6000
