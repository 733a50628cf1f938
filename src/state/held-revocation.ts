/**
 * The revocation lists that count for a setting: those of the store, and those of the file that the store lacks, in
 * addition (decision 30); `hard-fail` in either is `hard-fail`. In what else the two differ is named alone.
 */
import type { CrlSettings, CrlSource, EnrollmentSetting } from '../config/trust/types.ts'
import { shellWord } from '../kernel/shell-word.ts'
import { placeOf, placeText } from '../trust/list-source.ts'
import type { FileDifference } from './file-difference.ts'
import type { StoredCrl, StoredEnrollmentSetting } from './stored-setting.ts'

/** What is asked of revocation; `at` is where the store's part of it stands. */
export function revocationInForce(
  stored: StoredCrl | undefined,
  written: CrlSettings | undefined,
  at: string,
): CrlSettings | undefined {
  if (stored === undefined) return written
  const { lists: known, ...policy } = stored
  const [first, ...others] = known
  const failure = written?.failure === 'hard-fail' ? written.failure : policy.failure
  // A list that is only soft in the store has no grace of its own there.
  const grace = failure === policy.failure ? policy.grace : (written?.grace ?? policy.grace)
  const added = written === undefined ? [] : listsOnlyIn(written, stored)
  const lists = [{ at, ...first }, ...others.map((one) => ({ at, ...one })), ...added] as const
  return { ...policy, failure, grace, lists }
}

const listsOnlyIn = ({ lists }: CrlSettings, stored: StoredCrl): readonly CrlSource[] => {
  const places = stored.lists.map(placeOf)
  return lists.filter((one) => !places.includes(placeOf(one)))
}

/** In what a setting that both know differs; a file that says nothing of revocation is no word. */
export function revocationDifferences(
  { at, name, crl: written, standing }: EnrollmentSetting,
  { crl: stored, standing: inStore }: StoredEnrollmentSetting,
): readonly FileDifference[] {
  if (written === undefined || [standing.kind, inStore.kind].includes('distrusted')) return []
  const setting = shellWord(name)
  const added = stored === undefined ? written.lists : listsOnlyIn(written, stored)
  const failure = stored === undefined ? ` --failure ${written.failure}` : ''
  return [
    ...added.map((source): FileDifference => {
      const command = `tfe crl add ${setting} ${shellWord(placeOf(source))}${failure}`
      return {
        kind: 'revocation-list',
        at: source.at,
        subject: name,
        file: `the revocation list ${placeText(source)} of ${name}`,
        store: 'nothing of it',
        inForce: 'file',
        holds: true,
        commands: [command],
        nextStep:
          source.kind === 'file'
            ? `upload it with \`${command}\` and take it out here`
            : `run \`${command}\`, or take it out`,
      }
    }),
    ...(stored === undefined ? [] : policyDifferences({ at, name, setting }, written, stored)),
  ]
}

function policyDifferences(
  { at, name, setting }: { readonly at: string; readonly name: string; readonly setting: string },
  written: CrlSettings,
  stored: StoredCrl,
): readonly FileDifference[] {
  const isHard = written.failure === 'hard-fail'
  const change = (key: string, file: string, store: string, holds = false): FileDifference => {
    const command = `tfe crl set ${setting} --${key} ${file}`
    return {
      kind: 'revocation',
      at,
      subject: name,
      file: `crl.${key}: ${file} of ${name}`,
      store,
      inForce: holds ? 'file' : 'store',
      holds,
      commands: [command],
      nextStep: `run \`${command}\`, or write ${key}: ${store}`,
    }
  }
  return [
    ...(written.failure === stored.failure
      ? []
      : [change('failure', written.failure, stored.failure, isHard)]),
    ...(isHard && stored.failure === 'hard-fail' && written.grace !== stored.grace
      ? [change('grace', seconds(written.grace), seconds(stored.grace))]
      : []),
    ...(written.refresh === stored.refresh
      ? []
      : [change('refresh', seconds(written.refresh), seconds(stored.refresh))]),
    // What was uploaded, a file cannot name.
    ...stored.lists.flatMap((source, index): readonly FileDifference[] => {
      const isNamed = written.lists.some((one) => placeOf(one) === placeOf(source))
      if (isNamed || source.kind === 'upload') return []
      const command = `tfe crl remove ${setting} ${index + 1}`
      return [
        {
          kind: 'revocation-list',
          at,
          subject: name,
          file: `crl of ${name} without ${placeText(source)}`,
          store: 'that it counts',
          inForce: 'store',
          holds: false,
          commands: [command],
          nextStep: `run \`${command}\`, or name it here`,
        },
      ]
    }),
  ]
}

const seconds = (millis: number): string => `${Math.round(millis / 1000)}s`
