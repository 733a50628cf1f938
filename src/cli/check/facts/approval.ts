import type { Config } from '../../../config/config.ts'

/** Who has to be approved, and on which rows. */
export const approvalFacts = ({ approval, listeners }: Config): object => ({
  model: approval.model,
  stated: approval.modelStated,
  internal_networks: approval.internalNetworks.map(({ text }) => text),
  external_networks: approval.externalNetworks.map(({ text }) => text),
  sensitive_rows: [...new Set(listeners.map((one) => one.routes))].flatMap(({ name, rows }) =>
    rows.filter(({ sensitive }) => sensitive).map(({ id }) => `${name}/${id}`),
  ),
})
