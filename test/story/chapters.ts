/** The story, chapter by chapter: what happens, in the order of an operator's year. */
import { block } from './block-during-uploads.ts'
import { bridge, late, renew, upgradeAgents } from './ca-succession.ts'
import { oauth, throwLatch } from './latch-and-oauth.ts'
import { migrate } from './migration.ts'
import { approve, checkIn, completeInventory, register, setUp } from './enrollment-and-approval.ts'
import { removeOldCa } from './ca-removal.ts'
import { syncPort } from './sync-port.ts'
import type { Simulation } from './simulation.ts'

export interface Chapter {
  readonly title: string
  readonly play: (simulation: Simulation) => Promise<void>
}

export const CHAPTERS: readonly Chapter[] = [
  { title: 'the admin API is set up', play: setUp },
  { title: 'devices register', play: register },
  { title: 'they check in and are recorded', play: checkIn },
  { title: 'the inventory is completed', play: completeInventory },
  { title: 'they are approved', play: approve },
  { title: 'a CA is bridged', play: bridge },
  { title: '40 renew, some in grace', play: renew },
  { title: 'what is late or strange is put right', play: late },
  { title: 'old agents are upgraded', play: upgradeAgents },
  { title: '3 are blocked mid-connection', play: block },
  { title: 'devices migrate from 9997 to 443', play: migrate },
  { title: 'the latch is thrown', play: throwLatch },
  { title: 'the sync port is closed', play: syncPort },
  { title: 'legacy OAuth is disabled and enabled again', play: oauth },
  { title: 'the old CA is removed', play: removeOldCa },
]
