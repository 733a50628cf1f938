/** Cost against size. */
import type { BenchOptions } from './options.ts'
import type { OpenBench } from './setup.ts'

export async function drawCurves(_options: BenchOptions, _opened: OpenBench): Promise<boolean> {
  return true
}
