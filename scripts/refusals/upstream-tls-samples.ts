/** Why a draft of the upstream TLS settings is not taken or not applied, typed over its closed union. */
import type { ApplyFault } from '../../src/upstream-tls/apply-draft.ts'
import type { DraftFault } from '../../src/upstream-tls/read-draft.ts'
import { amount } from './placeholders.ts'
import { byUs, type Cases } from './samples.ts'

const [name, suggestion, why] = ['{name}', '{nearest}', '{reason}']
const column = 'suites'

export const UPSTREAM_TLS: Cases<DraftFault | ApplyFault> = {
  'nothing-selected': byUs(
    { kind: 'nothing-selected', column: 'protocols' },
    { kind: 'nothing-selected', column: 'suites' },
    { kind: 'nothing-selected', column: 'groups' },
  ),
  'selected-twice': byUs({ kind: 'selected-twice', column, name }),
  'unknown-name': byUs(
    { kind: 'unknown-name', column, name, suggestion },
    { kind: 'unknown-name', column, name, suggestion: undefined },
  ),
  'impossible-here': byUs({ kind: 'impossible-here', column, name, why }),
  'hello-without-tlsv1': byUs({ kind: 'hello-without-tlsv1' }),
  'protocol-gap': byUs({ kind: 'protocol-gap', missing: ['TLSv1.2'] }),
  'no-suite': byUs({ kind: 'no-suite', protocol: 'TLSv1.3' }),
  'no-group': byUs({ kind: 'no-group', protocol: 'TLSv1.2' }),
  'not-acknowledged': byUs({ kind: 'not-acknowledged', warnings: [] }),
  'nothing-to-apply': byUs(
    { kind: 'nothing-to-apply', moved: true },
    { kind: 'nothing-to-apply', moved: false },
  ),
  'set-by-configuration-file': byUs(
    { kind: 'set-by-configuration-file', what: 'selection' },
    { kind: 'set-by-configuration-file', what: 'strict' },
    { kind: 'set-by-configuration-file', what: 'allowAndLog' },
    { kind: 'set-by-configuration-file', what: 'defaultStore' },
    { kind: 'set-by-configuration-file', what: 'customStore' },
    { kind: 'set-by-configuration-file', what: 'sni' },
  ),
  'allow-and-log-without-strict': byUs({ kind: 'allow-and-log-without-strict' }),
  'empty-trust-store': byUs({ kind: 'empty-trust-store' }),
  'server-name-malformed': byUs({ kind: 'server-name-malformed', name }),
  'no-certificate': byUs({ kind: 'no-certificate' }),
  'certificate-unreadable': byUs({ kind: 'certificate-unreadable', at: '{line}', why }),
  'already-trusted': byUs({ kind: 'already-trusted', sha256: '{sha256}' }),
  'too-many-certificates': byUs({
    kind: 'too-many-certificates',
    found: amount('found'),
    limit: amount('limit'),
  }),
}
