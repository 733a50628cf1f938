/**
 * Calls to upstreams that an administrator asks for, with connections of their own: one call to an upstream at a time,
 * and each with an end.
 */
import type { UpstreamCall, UpstreamCallFailure } from '../../admin/front-end.ts'
import { speaksHttp } from '../../config/upstream/speaks-http.ts'
import { scanServer, type ScanReport } from '../../forward/diagnose/scan-server.ts'
import type { ClientIdentity } from '../../forward/settings.ts'
import { testServer, type TestReport } from '../../forward/diagnose/test-server.ts'
import { openUpstream, type Upstream } from '../../forward/balance/upstream.ts'
import { fail, ok, type Fault, type Result } from '../../kernel/types.ts'
import { withTlsSettings } from '../../state/upstream-tls.ts'
import type { CompiledConfig } from '../../state/compiled-config.ts'
import type { EffectiveSettings } from '../../upstream-tls/settings-types.ts'
import type { Upstream as Settings } from '../../config/upstream/types.ts'

export class UpstreamCalls {
  readonly #compiled: () => CompiledConfig
  /**
   * Upstreams that are being called. A server that counts failed handshakes takes a second scan for an attack, and
   * an administrator who asks for a test again and again would hold as many connections as there are calls.
   */
  readonly #busy = new Set<string>()

  constructor(compiled: () => CompiledConfig) {
    this.#compiled = compiled
  }

  /** Ends with the longest `connect` of the upstream, two minutes at most. */
  test(ask: UpstreamCall): Promise<Result<readonly TestReport[], UpstreamCallFailure>> {
    const http = speaksHttp(this.#compiled().config, ask.upstream)
    return this.#withUpstream(ask, (opened) =>
      Promise.all(
        opened.servers
          .filter(({ name }) => ask.server === undefined || name === ask.server)
          .map(({ plan }) => testServer(plan, { http })),
      ),
    )
  }

  /** Scans server after server; what is not asked when the time is over is reported as not complete. */
  async scan(ask: UpstreamCall): Promise<Result<readonly ScanReport[], UpstreamCallFailure>> {
    const called = this.#compiled().upstreams.get(ask.upstream)?.config
    if (called !== undefined && called.tls === undefined) return fail({ kind: 'without-tls' })
    return await this.#withUpstream(ask, async (opened, identity) => {
      const until = performance.now() + SCAN_TIMEOUT_MS
      const reports: ScanReport[] = []
      for (const { name, plan } of opened.servers) {
        if (ask.server !== undefined && name !== ask.server) continue
        const timeout = plan.settings.limits.connect
        const bounds = { concurrency: 4, maxConnections: MAX_CONNECTIONS, timeout, until }
        reports.push(await scanServer(plan, { identity, ...bounds, onProgress: () => {} }))
      }
      return reports
    })
  }

  /** What keeps an upstream from being called so: the TLS library has the last word. */
  faults(upstream: string, used: EffectiveSettings): readonly Fault[] {
    const found = this.#compiled().upstreams.get(upstream)
    if (found === undefined) return []
    const opened = open(withTlsSettings(found.config, used), found.identity)
    if (!opened.ok) return opened.failure
    opened.value.destroy()
    return []
  }

  async #withUpstream<Report>(
    { upstream, server, used }: UpstreamCall,
    call: (opened: Upstream, identity: ClientIdentity | undefined) => Promise<Report>,
  ): Promise<Result<Report, UpstreamCallFailure>> {
    const found = this.#compiled().upstreams.get(upstream)
    const names = found?.config.servers.map(({ name }) => name) ?? []
    if (found === undefined || (server !== undefined && !names.includes(server))) {
      return fail({ kind: 'unknown' })
    }
    if (this.#busy.has(upstream)) return fail({ kind: 'under-way' })
    const config = used === undefined ? found.config : withTlsSettings(found.config, used)
    const opened = open(config, found.identity)
    if (!opened.ok) return fail({ kind: 'unusable', faults: opened.failure })
    this.#busy.add(upstream)
    try {
      return ok(await call(opened.value, found.identity))
    } finally {
      this.#busy.delete(upstream)
      opened.value.destroy()
    }
  }
}

/** Opens no connection yet; what it notices is in the report, and neither logged nor counted. */
const open = (config: Settings, identity: ClientIdentity | undefined) =>
  openUpstream(config, { identity, onUntrusted: () => {} })

/** As the command line: what lists can hold, and no more than a server takes for a bad day of one client. */
const MAX_CONNECTIONS = 600
/** A server that answers is scanned in seconds; a person waits no longer than this. */
const SCAN_TIMEOUT_MS = 120_000
