import type { Target } from './campaign.ts'
import { certificates } from './certificate-target.ts'
import { crls } from './crl-target.ts'
import { files } from './file-target.ts'
import { keyFiles } from './key-target.ts'
import { keystores } from './pkcs12-target.ts'

/** Everything that reads what a stranger sends; a campaign's inputs are shared out evenly. */
export const TARGETS: readonly Target[] = [certificates, crls, files, keyFiles, keystores]
