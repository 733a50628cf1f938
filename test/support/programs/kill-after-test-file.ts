/** Vitest loads this with each test file. Its hook is the first to be registered, and so the last to run. */
import { afterAll } from 'vitest'
import { killRunning } from './running.ts'

afterAll(killRunning)
