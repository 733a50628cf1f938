/** Everyone that a run compares, in the order of the columns. */
import { apache } from './apache.ts'
import { caddy } from './caddy.ts'
import type { Candidate, Variant } from './candidate.ts'
import { frontEnd, imageStart } from './front-end.ts'
import { haproxy } from './haproxy.ts'
import { nginx } from './nginx.ts'
import { floor, httpProxy } from './node-servers.ts'
import { currentCommit, prepareCommit, ROOT, type Prepared } from './prepare.ts'

const plain = (name: string, title: string): Variant => ({
  name,
  title,
  workers: 1,
  isLogging: false,
})

/** One worker each, and no access log: the first look. `base` is a revision. */
export async function plainCandidates(
  { versions, caddy: caddyProgram, allocator }: Prepared,
  base: string,
): Promise<readonly Candidate[]> {
  const before = prepareCommit(base)
  const [image, imageBefore] = await Promise.all(
    [ROOT, before.tree].map((tree) => imageStart(tree, allocator)),
  )
  if (image === undefined || imageBefore === undefined) return []
  return [
    nginx(versions.nginx, plain('nginx', 'nginx')),
    haproxy(versions.haproxy, plain('haproxy', 'HAProxy')),
    apache(versions.apache, plain('apache', 'Apache')),
    caddy(caddyProgram, versions.caddy, plain('caddy', 'Caddy')),
    httpProxy(versions.httpProxy, plain('http-proxy', 'http-proxy')),
    floor(image, plain('floor', 'floor')),
    frontEnd(
      { tree: before.tree, image: imageBefore },
      { ...plain('before', 'TFE before'), version: before.commit },
    ),
    frontEnd({ tree: ROOT, image }, { ...plain('tfe', 'TFE'), version: currentCommit() }),
  ]
}

/** The second look: a line of the access log for each request, with the same facts. */
export async function loggingCandidates(prepared: Prepared): Promise<readonly Candidate[]> {
  const { versions, allocator } = prepared
  const image = await imageStart(ROOT, allocator)
  const logging = (name: string, title: string): Variant => ({
    name: `${name}-log`,
    title: `${title}, log`,
    workers: 1,
    isLogging: true,
  })
  return [
    nginx(versions.nginx, logging('nginx', 'nginx')),
    haproxy(versions.haproxy, logging('haproxy', 'HAProxy')),
    frontEnd({ tree: ROOT, image }, { ...logging('tfe', 'TFE'), version: currentCommit() }),
  ]
}

/** The same server with one worker and with several, on one processor. */
export async function workerCandidates(
  { versions, allocator }: Prepared,
  workers: number,
): Promise<readonly Candidate[]> {
  const image = await imageStart(ROOT, allocator)
  const many = (name: string, title: string): Variant => ({
    ...plain(`${name}-${workers}`, `${title} x ${workers}`),
    workers,
  })
  const version = currentCommit()
  return [
    nginx(versions.nginx, plain('nginx', 'nginx')),
    nginx(versions.nginx, many('nginx', 'nginx')),
    frontEnd({ tree: ROOT, image }, { ...plain('tfe', 'TFE'), version }),
    frontEnd({ tree: ROOT, image }, { ...many('tfe', 'TFE'), version }),
  ]
}
