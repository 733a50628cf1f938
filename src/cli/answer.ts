/**
 * What a command answers: lines for people or, with --json, one document for programs, whatever the outcome.
 */
import type { Fault } from '../kernel/types.ts'
import type { ExitCode } from './exit-code.ts'
import { jsonText } from './json-text.ts'
import { printFaults } from './load-configuration.ts'
import type { Terminal } from './terminal.ts'

/** How a command was asked to answer. */
export interface AnswerForm {
  readonly terminal: Terminal
  readonly json: boolean
}

/** Prints an answer in the form that was asked for. */
export function printAnswer(
  { document, lines }: { readonly document: object; readonly lines: readonly string[] },
  { terminal, json }: AnswerForm,
): void {
  terminal.out(json ? jsonText(document) : lines.map((line) => `${line}\n`).join(''))
}

/** Prints why nothing was done: a sentence for each fault and, with --json, a document that holds them. */
export function printFaultAnswer(
  faults: readonly Fault[],
  { terminal, json }: AnswerForm,
): ExitCode {
  if (json) terminal.out(jsonText({ outcome: 'faulty', faults }))
  return printFaults(faults, terminal)
}
