/**
 * What a front end would say that started now: the configuration under the rules and decisions of its store, which is read
 * and nothing else. What only a running one knows is said where it matters.
 */
import { shownAccount, type Told } from '../../admin/routes/explain/shapes.ts'
import type { Config } from '../../config/config.ts'
import { loadConfig } from '../../config/load.ts'
import { PeerCache } from '../../identify/peer.ts'
import type { KeptRefusal } from '../../fleet/kept-refusal.ts'
import { fail, ok, type Fault, type Instant, type Result } from '../../kernel/types.ts'
import { explainUnrouted } from '../../pipeline/rejection.ts'
import { openStoredState, type OpenedState } from '../../serve/store-sync/read-stored-state.ts'
import { servedFiles } from '../../serve/store-sync/stored-secrets.ts'
import { compileConfig, type CompiledConfig } from '../../state/compiled-config.ts'
import { note, type Section } from '../../state/explain/account.ts'
import type { Knowledge } from '../../state/explain/context.ts'
import { assumeOAuthEnabled } from '../../state/explain/endpoint.ts'
import { answer } from '../../state/explain/explain.ts'
import { readSince } from '../../state/explain/since.ts'
import type { Circumstances, Question, Subject } from '../../state/explain/question.ts'
import { lastShown } from '../../state/explain/kept.ts'
import { thenAndNow } from '../../state/explain/then-and-now.ts'
import { readCertificates } from '../certificate-file.ts'
import type { CommandEnvironment } from '../command-environment.ts'
import { unknownNameText } from '../text-layout.ts'
import type { Asked, AskedSubject } from './arguments.ts'
import { loadCrls } from './lists.ts'
import { notKnownOf, questionOfReference } from './offline-reference.ts'

type FileOrDevice = Exclude<AskedSubject, { readonly kind: 'reference' }>

/** Why there is no account: faults of what was read, or a sentence about what was typed. */
export type Unexplained = readonly Fault[] | string

/** Judges what was asked by a configuration and its store. */
export async function explainOffline(
  asked: Asked,
  file: string,
  { env }: Pick<CommandEnvironment, 'env'>,
): Promise<Result<ReturnType<typeof shownAccount>, Unexplained>> {
  const loaded = await loadConfig(file, env, servedFiles(file))
  if (!loaded.ok) return loaded
  const { config } = loaded.value
  const alone = compileConfig(config, Date.now() as Instant)
  if (!alone.ok) return alone
  const opened = hasStore(config) ? await openStoredState(config) : undefined
  try {
    return await explainBy(asked, { config, alone: alone.value, opened })
  } finally {
    if (opened?.ok === true) await opened.value.store.close()
  }
}

const hasStore = ({ store }: Config): boolean =>
  store !== undefined && store.kind !== 'dangerous-none'

interface Basis {
  readonly config: Config
  /** Of the file alone. */
  readonly alone: CompiledConfig
  /** Undefined where the configuration names no store. */
  readonly opened: Result<OpenedState, readonly Fault[]> | undefined
}

async function explainBy(
  { subject: askedSubject, circumstances }: Asked,
  { config, alone, opened }: Basis,
): Promise<Result<ReturnType<typeof shownAccount>, Unexplained>> {
  const now = Date.now() as Instant
  const stored = opened?.ok === true ? opened.value : undefined
  const rules = stored && compileConfig(config, now, stored.state)
  if (rules?.ok === false) return rules
  const compiled = rules?.value ?? (opened === undefined ? alone : assumeOAuthEnabled(alone))
  const knowledge = knowledgeOf(opened)
  const put =
    askedSubject.kind === 'reference'
      ? await questionOfReference({ ...askedSubject, circumstances }, { stored, config })
      : await questionOf({ subject: askedSubject, circumstances }, stored)
  if (!put.ok) return put
  const { question, refusal } = put.value
  const withLists = await loadCrls(compiled, stored?.state.kept ?? [], circumstances.at ?? now)
  const account = answer(question, {
    compiled: withLists.compiled,
    peerCache: new PeerCache({ now: () => now }),
    now,
    knowledge,
    snapshot: undefined,
    unrouted: explainUnrouted,
  })
  if (account === undefined) {
    const wanted = question.listener ?? ''
    const names = [...compiled.listeners.keys()]
    return fail(unknownNameText(`there is no listener '${wanted}'`, wanted, names))
  }
  const read = stored && (await readSince(stored.store, account.inForce))
  const since = read?.ok === true ? read.value : undefined
  const unknown = refusal === undefined ? [] : notKnownOf(refusal)
  const told: Told = {
    account: {
      ...account,
      sections: [
        ...withLists.sections,
        ...account.sections,
        ...unaskedSections(opened),
        ...unknownSections(unknown),
      ],
    },
    since,
    knownFrom: knowledge,
    unknown,
    compared: refusal && thenAndNow(refusal, account, since),
  }
  return ok(shownAccount(told))
}

function knowledgeOf(opened: Basis['opened']): Knowledge {
  if (opened === undefined) return 'storeless'
  return opened.ok ? 'store' : 'file'
}

/** What is judged, and the refusal that it is about where a reference was asked about. */
interface Put {
  readonly question: Question
  readonly refusal?: KeptRefusal
}

async function questionOf(
  {
    subject: asked,
    circumstances,
  }: { readonly subject: FileOrDevice; readonly circumstances: Circumstances },
  stored: OpenedState | undefined,
): Promise<Result<Put, Unexplained>> {
  const subject = await subjectFor(asked, stored)
  return subject.ok ? ok({ question: { ...circumstances, subject: subject.value } }) : subject
}

async function subjectFor(
  asked: FileOrDevice,
  stored: OpenedState | undefined,
): Promise<Result<Subject, Unexplained>> {
  if (asked.kind === 'file') {
    const ders = readCertificates(asked.path)
    return ders.ok ? ok({ kind: 'presented', ders: ders.value }) : fail([ders.failure])
  }
  if (stored === undefined) {
    return fail([
      {
        at: asked.word,
        message:
          'found no file of this name, and no store that could be read, wanted a certificate or a device: name a file, or see that the store of the configuration can be read',
      },
    ])
  }
  const found = await findDevice(asked.word, stored)
  return found.ok ? found : fail([{ at: asked.word, message: found.failure }])
}

/** The one device whose id, or name, signed id, fingerprint or serial begins so. */
async function findDevice(word: string, { store }: OpenedState): Promise<Result<Subject, string>> {
  for (const filter of [{ id: word }, { text: word }]) {
    const listed = await store.devices.list({
      filter,
      order: 'last-seen',
      limit: 2,
      minimums: [],
    })
    const [only, other] = listed.ok ? listed.value.items : []
    if (other !== undefined) {
      return fail('found several devices, wanted one: write more of the id')
    }
    const detail = only === undefined ? undefined : await store.devices.find(only.id)
    if (detail?.ok === true && detail.value !== undefined) return ok(lastShown(detail.value))
  }
  return fail('found no file and no device of this name, wanted one: see `tfe devices list`')
}

/** Says what of the store was not asked; where it could not be read, what stands above is the file's word. */
function unaskedSections(opened: Basis['opened']): readonly Section[] {
  if (opened === undefined || opened.ok) return []
  const said =
    'the store: an administrator may have changed CAs, the deny list, blocks, approvals and whether certificates are required'
  const next = '`tfe ca list`, `tfe deny list`, `tfe devices show` and `tfe enforce status` ask it'
  const why = opened.failure.map(({ at, message }) => `${at}: ${message}`)
  return [{ title: 'What was not asked', steps: [note(said, ...why, next)] }]
}

/** Each thing on a line of its own. */
const unknownSections = (unknown: readonly string[]): readonly Section[] =>
  unknown.length === 0
    ? []
    : [{ title: 'What could not be known', steps: unknown.map((one) => note(one)) }]
