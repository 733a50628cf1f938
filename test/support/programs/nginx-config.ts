/** How the configuration of every nginx begins that a test starts. */
import process from 'node:process'

/**
 * Returns a whole configuration: one process in the foreground, so that ending it leaves no worker behind, and whatever it
 * writes in `folder`. `http` stands inside the block of that name, `main` before it.
 */
export const nginxConfig = (folder: string, http: string, main = ''): string => `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
${main}
${process.getuid?.() === 0 ? 'user root;' : ''}
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
${http}
}
`
