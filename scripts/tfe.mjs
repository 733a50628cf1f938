#!/usr/bin/env node
// The `tfe` command: finds the pinned Node and hands it src/main.ts with everything that was typed.
import { dirname, join } from 'node:path'
import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { runNode } from './node26.mjs'

const here = dirname(realpathSync(fileURLToPath(import.meta.url)))
runNode([join(here, '..', 'src', 'main.ts'), ...process.argv.slice(2)])
