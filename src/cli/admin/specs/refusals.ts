/** `tfe why` and `tfe refusals`. */
import { REFUSAL_OUTCOMES } from '../../../fleet/kept-refusal.ts'
import type { TfeCommand } from '../../command.ts'
import { calls, pages, wide } from './common-options.ts'

/** Adds the commands about refusals. */
export function addRefusals(program: TfeCommand): void {
  const module = () => import('../refusals/refusals.ts')
  program
    .command('why')
    .summary('say why a device was refused, by the reference that it shows')
    .description(
      'Prints the reason first, then what was asked and shown, and what to do next. The beginning of a reference is enough where no other begins so; one with the number of its request is taken whole.',
    )
    .argument('<REFERENCE>', 'what the device shows, such as 4f1d09c2a7b3e856-3')
    .examples('tfe why 4f1d09c2a7b3e856-3', 'tfe why 4f1d09c2 --json')
    .with(wide)
    .with(calls(module, 'why'))
  program
    .command('refusals')
    .summary('list refusals by device, key, code, listener, address or time')
    .description(
      'Prints the refusals that are kept, newest first. `tfe why REFERENCE` says all of one.',
    )
    .option('--reference <REFERENCE>', 'those that begin so')
    .option('--device <ID>', 'of the keys that this device holds now')
    .option('--key <KEY>', 'of the certificate that was shown: a SHA-256 in hexadecimal')
    .option('--code <CODE>', 'such as untrusted-issuer; docs/refusals.md has them all')
    .option('--listener <NAME>', 'at this listener')
    .option('--address <ADDRESS>', 'from this address')
    .choice('--outcome <OUTCOME>', 'what the device met', [...REFUSAL_OUTCOMES])
    .time('--since <TIME>', 'at or after this: 2026-11-22, a second, or 7d for 7 days ago', AGO)
    .time('--until <TIME>', 'before this, written in the same ways', AGO)
    .with(pages)
    .examples('tfe refusals --since 1h', 'tfe refusals --code untrusted-issuer --address 192.0.2.7')
    .with(wide)
    .with(calls(module, 'refusals'))
}

/** Refusals have been, so that a length of time can only mean so long ago. */
const AGO = { ago: true } as const
