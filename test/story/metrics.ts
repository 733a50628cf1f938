/** The metrics of all processes, on a connection of its own: one that is kept would be one with a program that died. */
import { get } from 'node:http'
import { text } from 'node:stream/consumers'

export function metricsOf(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = get({ host: '127.0.0.1', port, path: '/metrics', agent: false }, (response) => {
      text(response).then(resolve, reject)
    })
    asked.once('error', reject)
  })
}
