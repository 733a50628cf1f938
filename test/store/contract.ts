/**
 * What makes a database a `Store`: one suite, run on every backend.
 */
import { describe } from 'vitest'
import { administrators } from './contract/administrators.ts'
import { approvals } from './contract/approvals.ts'
import { concurrency } from './contract/concurrency.ts'
import { departures } from './contract/departures.ts'
import { devices } from './contract/devices.ts'
import { documents } from './contract/documents.ts'
import { enrollment } from './contract/enrollment.ts'
import { evidence } from './contract/evidence.ts'
import { feed } from './contract/feed.ts'
import { unprovenClaims } from './contract/reported-ids.ts'
import { history } from './contract/history.ts'
import { idsByDevice } from './contract/ids-by-device.ts'
import { inventory } from './contract/inventory.ts'
import { linking } from './contract/linking.ts'
import { refusedLinkRows } from './contract/refused-links.ts'
import { reading } from './contract/reading.ts'
import { refusals } from './contract/refusals.ts'
import { revocationLists } from './contract/revocation-lists.ts'
import { secrets } from './contract/secrets.ts'
import { unverifiedDevices } from './contract/foreign-rows.ts'
import { switches } from './contract/enforcement-oauth-ports.ts'
import { transfer } from './contract/transfer.ts'
import { unknownCallers } from './contract/unknown-callers.ts'
import { syncPortCallers } from './contract/sync-port-callers.ts'
import { attemptResults } from './contract/attempt-results.ts'
import { upgrade } from './contract/upgrade.ts'
import type { Backend } from '../support/store/backends.ts'

/** Declares every test of the contract for one backend. */
export function storeContract(backend: Backend): void {
  describe(backend.name, () => {
    documents(backend)
    enrollment(backend)
    revocationLists(backend)
    linking(backend)
    evidence(backend)
    devices(backend)
    idsByDevice(backend)
    departures(backend)
    approvals(backend)
    inventory(backend)
    unprovenClaims(backend)
    switches(backend)
    administrators(backend)
    secrets(backend)
    feed(backend)
    transfer(backend)
    reading(backend)
    upgrade(backend)
    refusedLinkRows(backend)
    refusals(backend)
    concurrency(backend)
    unverifiedDevices(backend)
    unknownCallers(backend)
    syncPortCallers(backend)
    attemptResults(backend)
    history(backend)
  })
}
