/** The deny list, held against everything in the account that it could name. */
import { countText } from '../../kernel/count-text.ts'
import type { Peer } from '../../decide/decide.ts'
import type { Certificate } from '../../x509/certificate.ts'
import { no, note, type Section, type Step, yes } from './account.ts'
import type { ExplainContext } from './context.ts'

/** One section; none where nothing could be read. */
export function denialSections(peer: Peer, context: ExplainContext): readonly Section[] {
  const { naming: name } = context
  const { keys, serials } = context.compiled.policy.denied
  if (peer.kind !== 'presented') return []
  const title = 'The deny list'
  const size = keys.size + serials.size
  if (size === 0) {
    const text = context.knowledge === 'file' ? 'that of the configuration is empty' : 'it is empty'
    return [{ title, steps: [note(text)] }]
  }
  const { leaf, paths } = peer
  const sound = paths.ok ? paths.value : []
  const issuers = new Map(
    sound
      .flatMap(({ certificates, anchor }) => [...certificates.slice(1), anchor.certificate])
      .map((one) => [one.publicKey.fingerprint, one]),
  )
  const signers = new Map(
    sound
      .map(({ certificates, anchor }) => certificates[1] ?? anchor.certificate)
      .map((one) => [one.publicKey.fingerprint, one]),
  )
  const keyStep = (one: Certificate): Step =>
    stepFor(`the key of ${name(one)}`, keys.has(one.publicKey.fingerprint))
  const serialStep = (signer: Certificate): Step =>
    stepFor(
      `serial ${leaf.serial} of ${name(signer)}`,
      serials.has(`${signer.publicKey.fingerprint}:${leaf.serial}`),
    )
  return [
    {
      title: `${title}, with ${countText(size, 'entry', 'entries')}`,
      steps: [
        keyStep(leaf),
        ...[...signers.values()].map(serialStep),
        ...[...issuers.values()].map(keyStep),
      ],
    },
  ]
}

const stepFor = (what: string, denied: boolean): Step =>
  denied ? no(`${what} is on it`) : yes(`${what} is not on it`)
