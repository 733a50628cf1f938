/** What `tfe completion` takes, and what its help page says. */
import type { TfeCommand } from '../command.ts'
import { SHELLS } from './shells.ts'

/** Adds the command; the script is made from all commands of the program. */
export function addCompletion(program: TfeCommand): void {
  program
    .command('completion')
    .summary('print a script with which a shell completes tfe')
    .description(
      'Prints the script for a shell: it completes commands, actions, options, the values of those that have a closed list, and files. Make it anew after an update.',
    )
    .choiceArgument('<SHELL>', 'the shell', SHELLS)
    .examples(
      '# bash: in ~/.bashrc',
      'source <(tfe completion bash)',
      '# zsh: in ~/.zshrc, after compinit',
      'source <(tfe completion zsh)',
      '# fish: once',
      'tfe completion fish > ~/.config/fish/completions/tfe.fish',
    )
    .does(async ({ takes: [word] }, environment) => {
      const { completion } = await import('./completion.ts')
      // The command line has checked that it is one of these.
      const shell = SHELLS.find((one) => one === word) ?? 'bash'
      return completion(shell, program, environment)
    })
}
