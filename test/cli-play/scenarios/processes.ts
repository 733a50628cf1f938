/** Commands as processes of their own: what runs until a signal, and some that end. */
import { scenarios } from '../scenario.ts'

const SERVING = /"msg":"serving"/u

export const PROCESSES = [
  ...scenarios(
    'serve',
    ['--config $second', { process: { until: SERVING } }],
    ['$faulty', { code: 1, says: /workers: found the text "many"/u, process: {} }],
  ),
  ...scenarios('status', ['', { says: /olga/u, process: {} }]),
  ...scenarios('check', ['$config', { process: {} }]),
  ...scenarios('devices list', ['--json', { process: {} }]),
  ...scenarios(
    'demo',
    [
      '--dir $folder/demo --port $demo --upstream-port $demoupstream --metrics-port $demometrics --admin-port $demoadmin',
      { says: /curl/u, process: { until: /Ctrl-C/u, signal: 'SIGINT' } },
    ],
    [
      '--dir $folder/demo --port $demo --upstream-port $demoupstream --metrics-port $demometrics --admin-port $demoadmin --json',
      { process: { until: SERVING, signal: 'SIGTERM' } },
    ],
  ),
]
