/** Verdicts in one form, whichever source says them: whether the request passes, and the code that decides. */

/** Of an admission in recording the code is that of the refusal that is only written down. */
export interface Verdict {
  readonly admitted: boolean
  readonly code: string
}

/** As it is printed, counted and compared. */
export function verdictText({ admitted, code }: Verdict): string {
  if (!admitted) return `refused: ${code}`
  return NAMED.has(code) ? `admitted: ${code}` : `recorded: ${code}`
}

/** Bases of admission that are no recorded refusal. */
const NAMED: ReadonlySet<string> = new Set(['verified', 'in-grace', 'open-route'])

/** A list of devices says of a recorded refusal what it will be once certificates are required. */
export const listedText = ({ admitted, code }: Verdict): string =>
  `${admitted && NAMED.has(code) ? 'admit' : 'refuse'}: ${code}`
