/**
 * The first administrator, from this machine: with a password, or with a token in a file that only its owner reads.
 * There is no page on which a stranger could be faster (decision 26).
 */
import { countText } from '../../kernel/count-text.ts'
import { codeOrText } from '../../kernel/error-code.ts'
import { open } from 'node:fs/promises'
import { checkNewAdminName } from '../../admin/auth/admin-name.ts'
import { hashPassword, PASSWORD_LENGTH } from '../../admin/auth/passwords.ts'
import type { Role } from '../../admin/auth/principal.ts'
import { hashOf, newToken } from '../../admin/auth/token-text.ts'
import { fail, ok, type Fault, type Instant, type Result } from '../../kernel/types.ts'
import type { Actor } from '../../store/transactions.ts'
import { explainStore } from '../../store/explain.ts'
import type { StoreFailure } from '../../store/failure.ts'
import type { Store } from '../../store/port.ts'

/** Who is made, and what they sign in with. */
export interface NewAdmin {
  readonly name: string
  readonly role: Role
  readonly credential: Credential
}

export type Credential =
  | { readonly kind: 'password'; readonly password: string }
  /** A new token, written to a file that must not be there yet. */
  | { readonly kind: 'token-file'; readonly path: string }

/** Makes an administrator; with a token also when one of that name is there already, who then has one more. */
export async function createAdmin(
  store: Pick<Store, 'admins' | 'credentials'>,
  { name, role, credential }: NewAdmin,
  actor: Actor,
): Promise<Result<void, readonly Fault[]>> {
  const known = await store.admins.list()
  if (!known.ok) return fail([storeFailureFault(known.failure)])
  const fit = checkNewAdminName(
    name,
    known.value.map((one) => one.name),
  )
  if (!fit.ok) return fail([{ at: 'NAME', message: fit.failure }])
  const create = (passwordHash: string | undefined) =>
    store.admins.create(actor, { name, role, passwordHash, certificateKey: undefined })
  if (credential.kind === 'password') {
    const { min, max } = PASSWORD_LENGTH
    const { length } = credential.password
    if (length < min || length > max) {
      const message = `found a password of ${countText(length, 'character')}, wanted ${min} to ${max}`
      return fail([{ at: 'password', message }])
    }
    const made = await create(await hashPassword(credential.password))
    return made.ok ? ok(undefined) : fail([storeFailureFault(made.failure)])
  }
  const made = await create(undefined)
  if (!made.ok && made.failure.kind !== 'already-exists')
    return fail([storeFailureFault(made.failure)])
  const token = newToken()
  const written = await writePrivateFile(credential.path, token)
  if (!written.ok) return written
  const saved = await store.credentials.createToken(actor, {
    hash: hashOf(token),
    admin: name,
    role,
    label: 'made on the command line',
    expiresAt: (Date.now() + TOKEN_LIFETIME_MS) as Instant,
  })
  return saved.ok ? ok(undefined) : fail([storeFailureFault(saved.failure)])
}

/** A first token is for setting up; one for longer is made over the API. */
const TOKEN_LIFETIME_MS = 30 * 86_400_000

const storeFailureFault = (failure: StoreFailure): Fault => {
  const { code, sentence, nextStep } = explainStore(failure)
  return { at: code, message: `${sentence}: ${nextStep}` }
}

/** `wx`: a file that is there may be open in another process, or be a link to another place. */
async function writePrivateFile(
  path: string,
  text: string,
): Promise<Result<void, readonly Fault[]>> {
  try {
    await using file = await open(path, 'wx', 0o600)
    await file.writeFile(`${text}\n`)
    await file.sync()
    return ok(undefined)
  } catch (error) {
    const code = codeOrText(error)
    const message =
      code === 'EEXIST'
        ? 'found a file there, wanted none: name another, or remove it'
        : `cannot be written (${code}): name another place`
    return fail([{ at: path, message }])
  }
}
