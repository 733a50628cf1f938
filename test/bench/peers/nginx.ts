/** nginx as a candidate, and as the server behind all candidates. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Candidate, Place, Variant } from './candidate.ts'
import type { Command } from '../../support/programs/debian13.ts'
import { SMALL_ANSWER } from './answers.ts'

const PROGRAM = 'usr/sbin/nginx'

/** What a curve varies. */
export interface NginxSettings {
  /** A file of trusted CAs, instead of the one. */
  readonly cas?: string
  /** A file with the revocation list of each CA. */
  readonly crls?: string
  /** Prefixes of paths, each a location before the one that every request meets. */
  readonly prefixes?: readonly string[]
}

export const nginx = (
  version: string,
  variant: Variant,
  settings: NginxSettings = {},
): Candidate => ({
  ...variant,
  version,
  prepare: (place) => start(place, main(place, variant.workers, proxy(place, variant, settings))),
})

/** The server behind them; `answers` is a folder with the large one. */
export const backend = (place: Place, answers: string): Command =>
  start(place, main(place, 1, origin(place, answers)))

function start(place: Place, text: string): Command {
  const file = join(place.folder, `${place.name}.conf`)
  mkdirSync(join(place.folder, `${place.name}.tmp`), { recursive: true })
  writeFileSync(file, text)
  return place.debian.command(PROGRAM, ['-c', file])
}

const main = ({ folder, name }: Place, workers: number, http: string): string => `
daemon off;
worker_processes ${workers};
worker_rlimit_nofile 20000;
pid ${folder}/${name}.pid;
error_log ${folder}/${name}.error warn;
events { worker_connections 16384; }
http {
  keepalive_timeout 1h;
  keepalive_requests 1000000000;
  client_max_body_size 0;
  client_body_temp_path ${folder}/${name}.tmp/body;
  proxy_temp_path ${folder}/${name}.tmp/proxy;
  fastcgi_temp_path ${folder}/${name}.tmp/fastcgi;
  uwsgi_temp_path ${folder}/${name}.tmp/uwsgi;
  scgi_temp_path ${folder}/${name}.tmp/scgi;
${http}
}
`

/** Nothing is buffered, as we buffer nothing: a device that reads slowly holds its upstream back. */
const proxy = (place: Place, { isLogging }: Variant, settings: NginxSettings): string => `
  ${isLogging ? logFormat(`${place.folder}/${place.name}.log`) : 'access_log off;'}
  upstream backend {
    server 127.0.0.1:${place.backendPort};
    keepalive 256;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
  }
  server {
    listen 127.0.0.1:${place.port} ssl backlog=4096;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_certificate ${place.pki}/server.pem;
    ssl_certificate_key ${place.pki}/server.key;
    ssl_client_certificate ${settings.cas ?? `${place.pki}/root.pem`};
    ${settings.crls === undefined ? '' : `ssl_crl ${settings.crls};`}
    ssl_verify_client on;
    ssl_verify_depth 2;
    ssl_session_cache shared:devices:16m;
    ssl_session_timeout 1h;
    ${(settings.prefixes ?? []).map((prefix) => `location ${prefix} { proxy_pass https://backend; }`).join('\n    ')}
    location / {
      proxy_pass https://backend;
      proxy_http_version 1.1;
      proxy_buffering off;
      proxy_request_buffering off;
      proxy_buffer_size 16k;
      proxy_buffers 8 16k;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_set_header X-Client-Cert $ssl_client_escaped_cert;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto https;
      proxy_ssl_name backend.test;
      proxy_ssl_server_name on;
      proxy_ssl_verify on;
      proxy_ssl_verify_depth 2;
      proxy_ssl_trusted_certificate ${place.pki}/root.pem;
      proxy_ssl_protocols TLSv1.2 TLSv1.3;
    }
  }`

/** The facts of our line of the log, as far as nginx has them, gathered to blocks as ours are. */
const logFormat = (file: string): string => `
  log_format facts escape=json '{"time":"$time_iso8601","connection":"$connection","remote":"$remote_addr",'
    '"protocol":"$ssl_protocol","cipher":"$ssl_cipher","servername":"$ssl_server_name","resumed":"$ssl_session_reused",'
    '"fingerprint":"$ssl_client_fingerprint","subject":"$ssl_client_s_dn","issuer":"$ssl_client_i_dn",'
    '"serial":"$ssl_client_serial","not_before":"$ssl_client_v_start","not_after":"$ssl_client_v_end",'
    '"verify":"$ssl_client_verify","method":"$request_method","path":"$uri","host":"$host","upstream":"$proxy_host",'
    '"server":"$upstream_addr","status":$status,"bytes_in":$request_length,"bytes_out":$body_bytes_sent,'
    '"duration":$request_time,"upstream_time":"$upstream_header_time","user_agent":"$http_user_agent"}';
  access_log ${file} facts buffer=60k flush=1s;`

const origin = (place: Place, answers: string): string => `
  access_log off;
  default_type application/json;
  client_body_buffer_size 1m;
  output_buffers 2 128k;
  server {
    listen 127.0.0.1:${place.port} ssl backlog=4096;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_certificate ${place.pki}/backend.pem;
    ssl_certificate_key ${place.pki}/backend.key;
    ssl_session_cache shared:proxies:4m;
    location / { return 200 '${SMALL_ANSWER}'; }
    location /large { root ${answers}; }
  }`
