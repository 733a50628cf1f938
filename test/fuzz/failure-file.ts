/**
 * A failing input on disk: what broke, from which seed, and the octets in hexadecimal, so that the person who mends it can
 * have it again without the campaign.
 */
import type { Failure, Input } from './campaign.ts'

/** How a failure is written down. */
export function failureText({ target, seed, number, what, input }: Failure): string {
  const octets = input.kind === 'der' ? input.octets : Buffer.from(input.text, 'utf8')
  const story = what.split('\n').map((line) => `# ${line}`)
  const lines = octets.toString('hex').match(/.{1,64}/gu) ?? []
  return [
    ...story,
    `# seed ${seed}, number ${number}`,
    `${target} ${input.kind}`,
    ...lines,
    '',
  ].join('\n')
}

/** What was written down: the target's name and the input. */
export function failureIn(text: string): { readonly target: string; readonly input: Input } {
  const [head = '', ...hex] = text.split('\n').filter((line) => !line.startsWith('#'))
  const [target = '', kind] = head.split(' ')
  const octets = Buffer.from(hex.join(''), 'hex')
  const input: Input =
    kind === 'pem' ? { kind, text: octets.toString('utf8') } : { kind: 'der', octets }
  return { target, input }
}
