# syntax=docker/dockerfile:1

# What the program depends on, fetched apart so that a change of ours does not fetch it again.
FROM node:26-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The optional packages are Nodes for machines that lack one; this image is one that has it.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM node:26-bookworm-slim
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Trusted Front End" \
      org.opencontainers.image.description="Ends the device's mutual TLS in front of a mobile-device-management server, judges the certificate, forwards over strict TLS" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

# A handshake allocates and frees some 1,800 pieces, which this allocator does quicker than the C library's.
RUN apt-get update \
 && apt-get install -y --no-install-recommends libmimalloc2.0 \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/apt /var/log/dpkg.log /var/log/alternatives.log

# Nothing here installs packages or changes user while it runs: no package managers, no setuid programs.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
      /usr/local/bin/yarn /usr/local/bin/yarnpkg /opt/yarn-v* /root/.npm \
 && find / -xdev -type f -perm /6000 -exec chmod a-s {} +

WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json LICENSE openssl.cnf ./
COPY docker/healthcheck.mjs ./docker/
COPY config ./config
COPY scripts/tfe.mjs scripts/node26.mjs ./scripts/
COPY src ./src

# `docker exec CONTAINER tfe devices list` administers the front end that runs there.
RUN ln -s /app/scripts/tfe.mjs /usr/local/bin/tfe

# Where volumes for the store and its key ring are mounted; the account below owns them.
RUN mkdir -m 700 /var/lib/tfe /var/lib/tfe-keys && chown 1000:1000 /var/lib/tfe /var/lib/tfe-keys

# TFE_HEALTH_URL follows `metrics` of the configuration when that moves. The others as in scripts/node26.mjs.
ENV NODE_ENV=production \
    OPENSSL_CONF=/app/openssl.cnf \
    GLIBC_TUNABLES=glibc.malloc.tcache_count=127 \
    UV_THREADPOOL_SIZE=16 \
    LD_PRELOAD=libmimalloc.so.2 \
    TFE_HEALTH_URL=http://127.0.0.1:9464/healthz

# The base image's unprivileged `node`, by number, so that an orchestrator can see that it is not root.
USER 1000:1000

# Devices, Apps@Work, the sync port, metrics and health, the admin API.
EXPOSE 443 7443 9997 9464 9465
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "/app/docker/healthcheck.mjs"]

# What the engine is told, as in scripts/node26.mjs.
ENTRYPOINT ["node", "--max-semi-space-size=16", "--no-memory-reducer", "--initial-heap-size=128", \
  "--invocation-count-for-maglev=100", "--minimum-invocations-after-ic-update=100", \
  "--invocation-count-for-turbofan=1000", "/app/src/main.ts"]
CMD ["serve", "--config", "/etc/tfe/tfe.yaml"]
