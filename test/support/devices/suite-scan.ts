/** Which suites a port agrees to, found out by OpenSSL as a client that offers all that it has at its lowest level. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** How `openssl s_client` and `openssl ciphers` name a version. */
export type VersionFlag = '-tls1' | '-tls1_1' | '-tls1_2' | '-tls1_3'

/** What a client offers. */
export interface SuiteOffer {
  readonly flag: VersionFlag
  readonly suites: readonly string[]
}

/** Every suite of a version that this OpenSSL can offer with a certificate, those that encrypt nothing included. */
export async function offerOf(flag: VersionFlag): Promise<SuiteOffer> {
  const which = flag === '-tls1_3' ? [] : ['ALL:eNULL:!aNULL:!PSK:!SRP:@SECLEVEL=0']
  const { stdout } = await run('openssl', ['ciphers', '-s', flag, ...which], { timeout: TIMEOUT })
  return { flag, suites: stdout.trim().split(':') }
}

/** Every suite of an offer that a port agrees to: what it chooses is offered no more, until it chooses none. */
export async function agreedSuites(
  port: number,
  { flag, suites }: SuiteOffer,
): Promise<readonly string[]> {
  if (suites.length === 0) return []
  const chosen = await chosenFrom(port, { flag, suites })
  if (chosen === undefined) return []
  if (!suites.includes(chosen)) throw new Error(`${chosen} was chosen and not offered`)
  const rest = suites.filter((suite) => suite !== chosen)
  return [chosen, ...(await agreedSuites(port, { flag, suites: rest }))].toSorted()
}

/** The suite that a port chooses from an offer; none where it ends the handshake. */
async function chosenFrom(port: number, offer: SuiteOffer): Promise<string | undefined> {
  const where = ['-connect', `127.0.0.1:${port}`, offer.flag]
  const suites =
    offer.flag === '-tls1_3'
      ? ['-ciphersuites', offer.suites.join(':')]
      : ['-cipher', `${offer.suites.join(':')}:@SECLEVEL=0`]
  const handshake = run('openssl', ['s_client', ...where, ...suites], { timeout: TIMEOUT })
  // The end of input ends the connection once the handshake is over.
  handshake.child.stdin?.end()
  const { stdout } = await handshake.catch((error: unknown) => error as { readonly stdout: string })
  const [, chosen = '(NONE)'] = /Cipher is (\S+)$/mu.exec(stdout) ?? []
  return chosen === '(NONE)' ? undefined : chosen
}

const TIMEOUT = 20_000
