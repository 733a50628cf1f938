import { storeContract } from './contract.ts'
import { survivesKills } from './killed.ts'
import { sqliteBackend } from './place.ts'

storeContract(sqliteBackend)
survivesKills(sqliteBackend)
