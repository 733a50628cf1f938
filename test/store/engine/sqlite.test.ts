import { storeContract } from '../contract.ts'
import { survivesKills } from './kill-durability.ts'
import { sqliteBackend } from '../../support/store/backends.ts'

storeContract(sqliteBackend)
survivesKills(sqliteBackend)
