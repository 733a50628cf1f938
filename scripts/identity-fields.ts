/**
 * docs/identity-fields.md: every field that is removed from a device's request, with the product that gives it a meaning,
 * from the table that requests are cleaned by.
 */
import { IDENTITY_FIELDS, OVERRIDE_FIELDS, type KnownFields } from '../src/message/known-fields.ts'

/** Text of docs/identity-fields.md. */
export const identityFieldsText = (): string =>
  `${[
    INTRODUCTION,
    '## Who the client is',
    table(IDENTITY_FIELDS),
    '## Where it came from, and what it asked for',
    table(OVERRIDE_FIELDS),
  ].join('\n\n')}\n`

const INTRODUCTION = `<!-- Made by \`npm run generate\` from src/message/known-fields.ts. -->

# Fields that a device may not send

A server behind a front end believes some request fields, because the front end sets them. What a device sends under one of
these names is removed from every request, on every route, with and without a certificate, in trailers too; only then are
the fields added that the upstream's settings ask for. Names are compared without regard to case, and with every character
that is neither letter nor digit taken as equal: \`SSL_CLIENT_CERT\`, \`ssl-client-cert\` and \`Ssl.Client.Cert\` are one name,
and \`$WSCC\` is \`-wscc\` and \`_WSCC\`. A name that ends in \`*\` stands for all that begin so. One list is kept, from proxies that
the operator names: see \`forwardedFrom\` in [balancers](operations/balancers.md#behind-a-proxy-that-ends-tls).

Whatever names \`identity.fields\` of an upstream gives are removed as well, and so are the names and families in
\`removeFields\`, for what only your own servers know:

\`\`\`yaml
removeFields: [X-Corp-Badge, X-Corp-User-*]
\`\`\``

const table = (rows: readonly KnownFields[]): string =>
  [
    '| names | who sets or believes them | source |',
    '| --- | --- | --- |',
    ...rows.map(({ names, producer, source }) => {
      const listed = names.map((name) => `\`${name}\``).join(' ')
      return `| ${listed} | ${producer} | ${source} |`
    }),
  ].join('\n')
