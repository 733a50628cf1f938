/**
 * Which rows of a configuration are the OAuth endpoints, and which of them an upgrade takes out of service: the new
 * endpoint once served before an administrator had enabled it, and does not any more (S0-27).
 */
import type { OAuthEndpoints, RouteClass } from '../decide/policy.ts'
import { unmetPreconditions, type OAuthFacts, type OAuthRefusal } from './oauth.ts'

/** The new endpoint always asks for a certificate, the legacy one never does. */
export const OAUTH_ENDPOINTS = ['new', 'legacy'] as const
export type OAuthEndpoint = (typeof OAUTH_ENDPOINTS)[number]

/** What a row says of itself. */
export interface EndpointRow {
  readonly id: string
  readonly class: RouteClass
  readonly endpoint: 'oauth' | undefined
}

/** A listener with its rows. */
export interface EndpointListener {
  readonly name: string
  readonly routes: { readonly rows: readonly EndpointRow[] }
}

/** A row that is an OAuth endpoint, on one of the listeners that have it. */
export interface OAuthRow {
  readonly endpoint: OAuthEndpoint
  readonly listener: string
  readonly row: string
}

/** Which endpoint a row is; undefined for all other rows. */
export function oauthEndpointOf({
  endpoint,
  class: kind,
}: Omit<EndpointRow, 'id'>): OAuthEndpoint | undefined {
  if (endpoint === 'oauth') return 'new'
  return kind === 'legacy-oauth' ? 'legacy' : undefined
}

/** The rows that are an OAuth endpoint, in the order of the configuration. */
export const oauthRows = (listeners: readonly EndpointListener[]): readonly OAuthRow[] =>
  listeners.flatMap(({ name, routes }) =>
    routes.rows.flatMap((row): readonly OAuthRow[] => {
      const endpoint = oauthEndpointOf(row)
      return endpoint === undefined ? [] : [{ endpoint, listener: name, row: row.id }]
    }),
  )

/** A row of the new endpoint whose requests are refused as long as the endpoint is not configured. */
export interface OAuthUnconfigured {
  readonly kind: 'oauth-not-configured'
  readonly listener: string
  readonly row: string
  /** What has to be done before `tfe oauth enable-new` is accepted; empty when it is now. */
  readonly unmet: readonly OAuthRefusal[]
}

/**
 * Returns the rows of the new endpoint whose requests are refused from the upgrade on. A store keeps of a device on
 * which listener it was last seen and not by which row, so each such row is named, whether devices use it or not.
 */
export function oauthInUseUnconfigured(
  /** As the store has it; without a store it is `not-configured`. */
  modern: OAuthEndpoints['modern'],
  rows: readonly OAuthRow[],
  facts: OAuthFacts,
): readonly OAuthUnconfigured[] {
  if (modern !== 'not-configured') return []
  const unmet = unmetPreconditions(facts)
  return rows
    .filter(({ endpoint }) => endpoint === 'new')
    .map(({ listener, row }) => ({ kind: 'oauth-not-configured', listener, row, unmet }))
}
