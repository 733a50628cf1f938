/** In what the enrollment settings of the configuration file differ from those of the store. */
import type { Config } from '../config/config.ts'
import type { EnrollmentSetting } from '../config/trust/types.ts'
import { isoText, type Instant } from '../kernel/types.ts'
import { certificatesIn } from '../x509/file/certificate-file.ts'
import { commandsFor, type KnownSettings } from './difference-commands.ts'
import { revocationDifferences } from './held-revocation.ts'
import type { FileDifference } from './file-difference.ts'
import { heldWord, type StandingInStore } from './file-holds.ts'
import type { StoreRules } from './store-rules.ts'
import type { StoredEnrollmentSetting } from './stored-setting.ts'

/** Returns them in the order of the file; those that only the store has come last. */
export function settingDifferences(config: Config, rules: StoreRules): readonly FileDifference[] {
  const { trust, file } = config
  const known: KnownSettings = { trust, rules }
  const written = trust.enrollmentSettings.flatMap((setting) => {
    const stored = rules.enrollmentSettings.find(({ name }) => name === setting.name)
    return stored === undefined ? onlyInFile(setting, known) : between(setting, stored, known)
  })
  const removed = trust.removed.flatMap(({ at, name }) => {
    const stored = rules.enrollmentSettings.find((one) => one.name === name)
    if (stored === undefined) return []
    const word = { kind: 'removed' } as const
    return [standingDifference({ at, name, word, stored: stored.standing }, known)]
  })
  const names = new Set([...trust.enrollmentSettings, ...trust.removed].map(({ name }) => name))
  const unwritten = rules.enrollmentSettings.filter(({ name }) => !names.has(name))
  return [
    ...written,
    ...removed,
    ...unwritten.map(({ name, standing }): FileDifference => ({
      kind: 'only-in-store',
      at: file,
      subject: name,
      file: `no enrollment setting ${name}`,
      store: standing.kind,
      inForce: 'store',
      holds: false,
      commands: commandsFor(name, { kind: 'removed' }, standing, known),
      nextStep: 'write it here, so that a new store begins with it, or remove it from the store',
    })),
  ]
}

interface ComparedStanding {
  readonly at: string
  readonly name: string
  readonly word: StandingInStore
  readonly stored: StandingInStore | undefined
}

function standingDifference(
  { at, name, word, stored }: ComparedStanding,
  known: KnownSettings,
): FileDifference {
  const held = heldWord(name, stored, known.trust)
  const commands = commandsFor(name, word, stored, known)
  return {
    kind: 'standing',
    at,
    subject: name,
    file: `standing: ${word.kind} of ${name}`,
    store: stored?.kind ?? 'removed',
    inForce: held === undefined ? 'store' : 'file',
    holds: held !== undefined,
    commands,
    nextStep: nextStep(commands, `write standing: ${stored?.kind ?? 'removed'}`),
  }
}

/** Settings that both know. */
function between(
  setting: EnrollmentSetting,
  stored: StoredEnrollmentSetting,
  known: KnownSettings,
): readonly FileDifference[] {
  const { at, name, standing, source } = setting
  const found: FileDifference[] = []
  if (standing.kind !== stored.standing.kind) {
    found.push(standingDifference({ at, name, word: standing, stored: stored.standing }, known))
  } else found.push(...retirementDifferences(setting, stored, known))
  const fixed = { at, subject: name, inForce: 'store', holds: false, commands: [] } as const
  if (!isSameChain(setting, stored)) {
    found.push({
      ...fixed,
      kind: 'chain',
      file: `another chain of ${name}`,
      store: `other certificates`,
      nextStep: `no command changes the chain of a setting: upload this one under another name with \`tfe ca upload\`, or name the file of the other chain`,
    })
  }
  found.push(...revocationDifferences(setting, stored))
  if (source !== stored.source) {
    found.push({
      ...fixed,
      kind: 'source',
      file: `source: ${source} of ${name}`,
      store: stored.source,
      nextStep: `write source: ${stored.source}`,
    })
  }
  return found
}

function retirementDifferences(
  { at, name, standing: written }: EnrollmentSetting,
  { standing: stored }: StoredEnrollmentSetting,
  known: KnownSettings,
): readonly FileDifference[] {
  if (written.kind !== 'previously-trusted' || stored.kind !== 'previously-trusted') return []
  const found: FileDifference[] = []
  // Not held where it is the earlier one: it says when something happened, which the store knows better.
  if (written.retiredAt !== stored.retiredAt) {
    found.push({
      kind: 'retired-at',
      at,
      subject: name,
      file: `retiredAt: ${isoText(written.retiredAt)} of ${name}`,
      store: isoText(stored.retiredAt),
      inForce: 'store',
      holds: false,
      commands: [],
      nextStep: `write retiredAt: ${isoText(stored.retiredAt)}`,
    })
  }
  if (written.sunset !== stored.sunset) {
    const held = heldWord(name, stored, known.trust)
    const commands = commandsFor(name, written, stored, known)
    const word =
      stored.sunset === undefined ? 'leave sunset out' : `write sunset: ${isoText(stored.sunset)}`
    found.push({
      kind: 'sunset',
      at,
      subject: name,
      file: `${sunsetText(written.sunset)} of ${name}`,
      store: sunsetText(stored.sunset),
      inForce: held === undefined ? 'store' : 'file',
      holds: held !== undefined,
      ...(held?.kind === 'sunset' ? { until: held.sunset } : {}),
      commands,
      nextStep: nextStep(commands, word),
    })
  }
  return found
}

const sunsetText = (sunset: Instant | undefined): string =>
  sunset === undefined ? 'no sunset' : `sunset: ${isoText(sunset)}`

function onlyInFile(
  { at, name, standing, chain }: EnrollmentSetting,
  known: KnownSettings,
): readonly FileDifference[] {
  if (known.rules.removedSettings.includes(name)) {
    return [standingDifference({ at, name, word: standing, stored: { kind: 'removed' } }, known)]
  }
  const holds = heldWord(name, undefined, known.trust) !== undefined
  const twin = known.rules.enrollmentSettings.find((one) => isSameChain({ chain }, one))
  // Said of the same keys by another name.
  if (standing.kind === 'distrusted' && twin?.standing.kind === 'distrusted') return []
  const commands = commandsFor(twin?.name ?? name, standing, twin?.standing, {
    ...known,
    ...(twin === undefined ? { chain: chain.path } : {}),
  })
  return [
    {
      kind: 'only-in-file',
      at,
      subject: name,
      file: `the enrollment setting ${name}, ${standing.kind}`,
      store: twin === undefined ? 'nothing of it' : `that its chain is the one of ${twin.name}`,
      inForce: holds ? 'file' : 'store',
      holds,
      commands,
      nextStep:
        twin === undefined
          ? nextStep(commands, 'take it out')
          : nextStep(holds ? commands : [], `name it ${twin.name}`),
    },
  ]
}

/** In any order. An unreadable chain is a fault of its own. */
function isSameChain(
  { chain }: Pick<EnrollmentSetting, 'chain'>,
  stored: StoredEnrollmentSetting,
): boolean {
  const ders = certificatesIn(chain.bytes, { others: 'refused', purpose: 'client' })
  if (!ders.ok) return false
  const texts = (ders: readonly Uint8Array[]) =>
    new Set(ders.map((der) => Buffer.from(der).toString('base64')))
  const written = texts(ders.value)
  return written.symmetricDifference(texts(stored.chain)).size === 0
}

const nextStep = (commands: readonly string[], edit: string): string =>
  commands.length === 0
    ? edit
    : `run ${commands.map((command) => `\`${command}\``).join(', then ')}, or ${edit}`
