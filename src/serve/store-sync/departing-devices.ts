/**
 * Which devices depart from the server's documents, by what is in force: what the file says of the server, and what
 * requests are judged by.
 */
import { DOCUMENTED_SERVERS, type Installation } from '../../fleet/expectation.ts'
import type { CompiledConfig } from '../../state/compiled-config.ts'
import { allDeparting, type DepartingByCode } from '../../store/devices/departing-devices.ts'
import { syncListener } from './read-rules.ts'

type InForce = Pick<CompiledConfig, 'config' | 'policy'>

/** What devices depend on; undefined where no documents say what they do. */
export function installationOf({ config, policy }: InForce): Installation | undefined {
  const profile = DOCUMENTED_SERVERS.find((one) => one === config.profile)
  if (profile === undefined) return undefined
  const { mutualAuthentication: setting, storefrontCertificates } = config.fleet
  const isRequired = policy.enforcement === 'required'
  return { profile, setting, isRequired, storefrontCertificates }
}

/** The devices that depart; undefined where no documents say what to expect. */
export function departingDevices(inForce: InForce): DepartingByCode | undefined {
  const installation = installationOf(inForce)
  return installation && allDeparting(installation, syncListener(inForce.config))
}
