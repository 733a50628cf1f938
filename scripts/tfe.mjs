#!/usr/bin/env node
// The `tfe` command: finds the pinned Node and hands it src/main.ts with everything that was typed.
import { dirname, join } from 'node:path'
import { realpathSync } from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { runNode } from './node26.mjs'

const root = dirname(dirname(realpathSync(fileURLToPath(import.meta.url))))
const { INIT_CWD: typedIn, npm_lifecycle_event: script } = process.env
// `npm run tfe` runs this in the folder of package.json; a relative path means the folder that it was typed in.
if (script === 'tfe' && typedIn !== undefined && process.cwd() === root) process.chdir(typedIn)
runNode([join(root, 'src', 'main.ts'), ...process.argv.slice(2)])
