/**
 * The commands that call the admin API of a running front end.
 */
import type { TfeCommand } from '../command.ts'
import { addApprovalAgents } from './specs/approval-agents.ts'
import { addAuditDenyToken } from './specs/audit-deny-token.ts'
import { addCa } from './specs/ca.ts'
import { addCrl } from './specs/crl.ts'
import { addDevices } from './specs/devices.ts'
import { addEnforcement } from './specs/enforcement.ts'
import { addExportBackup } from './specs/export-backup.ts'
import { addHistory } from './specs/history.ts'
import { addInventory } from './specs/inventory.ts'
import { addRefusals } from './specs/refusals.ts'
import { addUpstreamTls } from './specs/upstream-tls.ts'
import { addStatusReload } from './specs/status-reload.ts'
import { addQueries } from './specs/queries.ts'
import { addSecrets } from './specs/secrets.ts'

/** Adds the commands that call the admin API. */
export function addAdminCommands(program: TfeCommand): void {
  addStatusReload(program)
  addDevices(program)
  addQueries(program)
  addApprovalAgents(program)
  addCa(program)
  addCrl(program)
  addUpstreamTls(program)
  addEnforcement(program)
  addRefusals(program)
  addHistory(program)
  addAuditDenyToken(program)
  addInventory(program)
  addSecrets(program)
  addExportBackup(program)
}
