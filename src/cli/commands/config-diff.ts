/** `tfe config diff --config FILE`: in what a configuration says another thing than its store. */
import { loadBesideStore } from '../load-configuration.ts'
import { printAnswer, printFaultAnswer } from '../answer.ts'
import { differenceItem } from '../../state/difference-item.ts'
import { differenceLines } from '../difference-text.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import type { CommandEnvironment } from '../command-environment.ts'

/** Prints each difference with its command; any is exit code 1. */
export async function configDiff(
  { file, json }: { readonly file: string; readonly json: boolean },
  { terminal, env }: CommandEnvironment,
): Promise<ExitCode> {
  const form = { terminal, json }
  const loaded = await loadBesideStore(file, env)
  if (!loaded.ok) return printFaultAnswer(loaded.failure, form)
  const { compiled, store } = loaded.value
  if (store.kind === 'unread') return printFaultAnswer(store.faults, form)
  const items = compiled.differences.map(differenceItem)
  const lines = store.kind === 'none' ? [NO_STORE] : differenceLines(items)
  printAnswer({ document: { file, items }, lines }, form)
  return items.length === 0 ? EXIT.ok : EXIT.no
}

const NO_STORE = 'there is no store: what the file says is all there is'
