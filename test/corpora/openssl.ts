/**
 * The other judge: `openssl verify`, asked about each case. A real run, so that the score beside ours is that of the
 * OpenSSL on this machine.
 */
import { spawnSync } from 'node:child_process'
import type { Purpose } from '../../src/trust/limits.ts'
import type { CaseFiles } from './case-files.ts'
import type { Case } from './limbo.ts'
import type { Outcome } from './verdicts.ts'

export type Mode = 'plain' | 'strict'

/** Plain is what applications do; strict is everything it has to offer. */
export const MODES: Readonly<Record<Mode, readonly string[]>> = {
  plain: [],
  strict: ['-x509_strict', '-partial_chain', '-auth_level', '2'],
}

/** Its name and version. */
export const opensslVersion = (): string =>
  spawnSync('openssl', ['version'], { encoding: 'utf8' }).stdout.split(' ').slice(0, 2).join(' ')

/** Asks about one case, with the time, depth and lists that it comes with. */
export function opensslVerdict(
  limbo: Case,
  files: CaseFiles,
  { purpose, mode }: { readonly purpose: Purpose; readonly mode: Mode },
): Outcome['verdict'] {
  const { validation_time: time, max_chain_depth: depth, crls, expected_peer_name: name } = limbo
  const options = [
    '-no-CApath',
    '-no-CAstore',
    '-purpose',
    `ssl${purpose}`,
    '-CAfile',
    files.anchors,
    ...MODES[mode],
    ...(files.intermediates === undefined ? [] : ['-untrusted', files.intermediates]),
    ...(time === null ? [] : ['-attime', String(Math.floor(Date.parse(time) / 1000))]),
    ...(depth === null ? [] : ['-verify_depth', String(depth)]),
    ...(crls === null || crls.length === 0 ? [] : ['-crl_check', '-CRLfile', files.crls]),
    ...(name === null ? [] : [NAME_OPTIONS[name.kind] ?? '-verify_hostname', name.value]),
  ]
  const { status, stderr, error } = spawnSync('openssl', ['verify', ...options, files.leaf], {
    encoding: 'utf8',
  })
  if (error !== undefined) throw error
  if (status === 0) return { kind: 'admit', findings: [] }
  return { kind: 'refuse', why: /^error (\d+)/mu.exec(stderr)?.[1] ?? 'unreadable' }
}

const NAME_OPTIONS: Readonly<Record<string, string>> = {
  DNS: '-verify_hostname',
  IP: '-verify_ip',
  RFC822: '-verify_email',
}
