/**
 * B7: signs that some servers fold into others. Only what becomes a delimiter is refused; ordinary names in other scripts
 * pass as they were sent. OpenSSL knows no paths; nginx and HAProxy answer whatever they are asked for.
 */
import { LOCAL, startReader } from '../../support/programs/proxy-readers.ts'
import { fleet } from '../../support/front-ends/product.ts'
import type { Scene, Seen } from '../case.ts'
import { frontEnd } from '../front-end.ts'

const PATHS = [
  ['a name in Chinese with wide brackets', '说明（新）.pdf', '200'],
  ['wide letters and digits', 'ＡＢＣ１２３', '200'],
  ['a wide comma and a wide colon', 'a，b：c', '200'],
  ['a name with an accent that is composed', 'Übersicht.pdf', '200'],
  ['a wide slash', 'a／b', '400'],
  ['a wide backslash', 'a＼b', '400'],
  ['wide dots', '．．', '400'],
  ['a wide semicolon', 'a；b', '400'],
  ['a wide percent sign', 'a％2fb', '400'],
  ['a wide question mark', 'a？b', '400'],
  ['a wide number sign', 'a＃b', '400'],
  ['a fraction slash', 'a⁄b', '400'],
] as const

async function play(): Promise<readonly Seen[]> {
  await using on = await frontEnd()
  await using nginx = await startReader('nginx')
  await using haproxy = await startReader('haproxy')
  const seen: Seen[] = []
  for (const [, name] of PATHS) {
    const path = `/device/${encodeURIComponent(name)}`
    const ours = await on.send(fleet.device, `GET ${path}`)
    const others = [
      `nginx ${await nginx.status(LOCAL, path)}`,
      `haproxy ${await haproxy.status(LOCAL, path)}`,
      'OpenSSL knows no paths',
    ]
    seen.push({ seen: String(ours), beside: others.join(', ') })
  }
  return seen
}

export const PATHS_OF_REQUESTS: readonly Scene[] = [
  {
    cases: PATHS.map(([what, , expected]) => ({ id: 'B7', what: `a path with ${what}`, expected })),
    play,
  },
]
