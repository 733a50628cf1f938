import { storeContract } from './contract.ts'
import { sqliteBackend } from './place.ts'

storeContract(sqliteBackend)
