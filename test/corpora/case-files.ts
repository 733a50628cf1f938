/**
 * A case as files, for programs that read nothing else. They live as long as the run.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { belongs } from './limbo-lists.ts'
import { readAll, type Case } from './limbo.ts'

/** Paths of PEM files. */
export interface CaseFiles {
  /** All trust anchors in one. */
  readonly anchors: string
  /** Each trust anchor by itself, with the revocation lists of its CA. */
  readonly settings: readonly SettingFiles[]
  readonly intermediates: string | undefined
  readonly leaf: string
  readonly key: string
  /** All revocation lists in one. */
  readonly crls: string
}

/** What an enrollment setting is made of. */
export interface SettingFiles {
  readonly chain: string
  readonly lists: readonly string[]
}

/** Writes what the case presents and trusts into a folder of its own. */
export function writeCase(limbo: Case, folder: string): CaseFiles {
  mkdirSync(folder, { recursive: true })
  const write = (name: string, pems: readonly string[]): string => {
    const path = join(folder, name)
    writeFileSync(path, pems.map((pem) => `${pem.trim()}\n`).join(''), { mode: 0o600 })
    return path
  }
  const { trusted_certs: anchors, untrusted_intermediates: intermediates } = limbo
  return {
    anchors: write('anchors.pem', anchors),
    settings: anchors.map((pem, index) => ({
      chain: write(`anchor-${index}.pem`, [pem]),
      lists: (limbo.crls ?? []).flatMap((crl, at) =>
        belongs(crl, readAll([pem])) ? [write(`crl-${at}.pem`, [crl])] : [],
      ),
    })),
    intermediates:
      intermediates.length === 0 ? undefined : write('intermediates.pem', intermediates),
    leaf: write('leaf.pem', [limbo.peer_certificate]),
    key: write('leaf.key', [limbo.peer_certificate_key ?? '']),
    crls: write('crls.pem', limbo.crls ?? []),
  }
}
