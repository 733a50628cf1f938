/** Connections to the upstreams; the last ones find them away. */
import { scenarios } from '../scenario.ts'

export const UPSTREAM = [
  ...scenarios(
    'upstream test',
    ['core --config $config', { reads: true, says: /TLSv1\.3/u }],
    ['--upstream core --server localhost:1 --config $config', { code: 2, says: /has no server/u }],
  ),
  ...scenarios(
    'upstream scan',
    ['core --config $config', { reads: true }],
    ['--upstream core --server localhost:1 --config $config', { code: 2, says: /has no server/u }],
  ),
  ...scenarios(
    'upstream catalogue',
    ['', { reads: true, says: /TLS_AES/u }],
    ['--config $config --upstream core', { reads: true }],
  ),
  ...scenarios(
    'upstream errors',
    [
      '',
      {
        reads: true,
        says: /core/u,
        before: (stage) => stage.loseUpstreams(),
      },
    ],
    ['--upstream core --server localhost:1', { says: /nothing went wrong/u }],
    ['core --clear', {}],
  ),
]
