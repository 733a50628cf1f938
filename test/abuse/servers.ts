/** The front end and nginx in front of one upstream, with one worker each. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { productYaml, writeFiles } from '../support/front-ends/product.ts'
import { LineLog } from '../support/front-ends/serve-process.ts'
import { claimPort, isListenedOn } from '../support/ports/claim-port.ts'
import { Program } from '../support/programs/program.ts'

/** A server that is attacked. */
export interface Target extends AsyncDisposable {
  readonly name: string
  readonly port: number
  /** Octets of physical memory of the process that serves. */
  resident(): number
  /** Whether a balancer would send it new connections. */
  isReady(): Promise<boolean>
  /** Asks it to end in its own orderly way; settles when it has. */
  stop(): Promise<void>
}

/** Ours, with few connections to the upstream so that the attacks meet the limit. */
export async function startFrontEnd(upstreamPort: number): Promise<Target> {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-abuse-'))
  writeFiles(folder)
  const [port, statusPort] = [await claimPort(), await claimPort()]
  const yaml = productYaml({
    upstreamPort,
    limits: ['connections: 2000'],
    upstreamLimits: ['connections: 64'],
    yaml: {
      announce: ' 3s',
      drain: ' 10s',
      log: ' { requests: false, connections: false }',
      metrics: ` { address: 127.0.0.1, port: ${statusPort} }`,
    },
  })
  const config = join(folder, 'tfe.yaml')
  writeFileSync(config, yaml.replace('port: 0\n', `port: ${port}\n`))
  const root = join(import.meta.dirname, '../..')
  const args = ['scripts/node26.mjs', 'src/main.ts', 'serve', '--config', config]
  const program = new Program(process.execPath, args, { cwd: root, isShown: false })
  await new LineLog(program).serving()
  const pid = childOf(program.child.pid ?? 0)
  return {
    name: 'TFE',
    port,
    resident: () => residentNow(pid),
    isReady: async () => {
      const answer = await fetch(`http://127.0.0.1:${statusPort}/readyz`).catch(() => undefined)
      return answer?.status === 200
    },
    async stop() {
      await program.end('SIGTERM')
    },
    async [Symbol.asyncDispose]() {
      await program.end()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** nginx as it is installed, with its defaults for bodies: gathered both ways. */
export async function startNginx(upstreamPort: number): Promise<Target> {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-abuse-nginx-'))
  writeFiles(folder)
  mkdirSync(join(folder, 'tmp'))
  const port = await claimPort()
  writeFileSync(join(folder, 'nginx.conf'), nginxText(folder, port, upstreamPort))
  const program = new Program('nginx', ['-c', join(folder, 'nginx.conf')])
  while (!(await isListenedOn(port)));
  const pid = program.child.pid ?? 0
  return {
    name: 'nginx',
    port,
    resident: () => residentNow(pid),
    isReady: () => Promise.resolve(true),
    // SIGTERM is its fast shutdown, which loses what is under way; this is its orderly one.
    async stop() {
      await program.end('SIGQUIT')
    },
    async [Symbol.asyncDispose]() {
      await program.end('SIGQUIT')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const nginxText = (folder: string, port: number, upstreamPort: number): string => `
daemon off;
master_process off;
worker_rlimit_nofile 20000;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log crit;
${process.getuid?.() === 0 ? 'user root;' : ''}
events { worker_connections 8192; }
http {
  access_log off;
  client_body_temp_path ${folder}/tmp/body;
  proxy_temp_path ${folder}/tmp/proxy;
  fastcgi_temp_path ${folder}/tmp/fastcgi;
  uwsgi_temp_path ${folder}/tmp/uwsgi;
  scgi_temp_path ${folder}/tmp/scgi;
  server {
    listen 127.0.0.1:${port} ssl backlog=4096;
    ssl_certificate ${folder}/server.pem;
    ssl_certificate_key ${folder}/server.key;
    ssl_client_certificate ${folder}/fleet.pem;
    ssl_verify_client optional_no_ca;
    ssl_verify_depth 20;
    # Or it would gather gigabytes in files for readers that do not read.
    proxy_max_temp_file_size 0;
    location / {
      proxy_pass https://127.0.0.1:${upstreamPort};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
    }
  }
}
`

/** The one child of a process. */
function childOf(parent: number): number {
  const isChild = (pid: string): boolean => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent
    } catch {
      return false // gone since it was listed
    }
  }
  const [pid] = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isChild(name))
  if (pid === undefined) throw new Error(`no child of ${parent}`)
  return Number(pid)
}

function residentNow(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
  } catch {
    return 0 // it has ended
  }
}
