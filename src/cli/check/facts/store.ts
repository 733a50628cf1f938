import type { Config } from '../../../config/config.ts'

/** Where that is kept which changes while serving, and who may change it from where. */
export function storeFacts({ store, admin }: Config): object {
  return {
    store:
      store === undefined || store.kind === 'dangerous-none'
        ? null
        : {
            kind: store.kind,
            // The address of a database holds its password: where the configuration says it, is said.
            place: store.kind === 'sqlite' ? store.path : store.at,
            key_ring: store.keys?.reference ?? null,
          },
    admin:
      admin === undefined
        ? null
        : {
            scheme: admin.certificate === undefined ? 'http' : 'https',
            address: admin.address,
            port: admin.port,
            allow: admin.allow.map(({ text }) => text),
          },
  }
}
