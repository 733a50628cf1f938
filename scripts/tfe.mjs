#!/usr/bin/env node
// The `tfe` command: finds the pinned Node and hands it src/main.ts with everything that was typed.
import { dirname, join } from 'node:path'
import { realpathSync } from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { runNode } from './node26.mjs'

const root = dirname(dirname(realpathSync(fileURLToPath(import.meta.url))))
const { INIT_CWD: callersFolder, npm_package_json: manifest } = process.env
// `npm run tfe` changes to the folder of its package.json; a relative path means the folder that it was typed in.
if (callersFolder !== undefined && manifest === join(root, 'package.json')) {
  process.chdir(callersFolder)
}
runNode([join(root, 'src', 'main.ts'), ...process.argv.slice(2)])
