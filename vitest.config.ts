import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/programs/kill-after-test-file.ts'],
    // Much of a test is waiting for a process or a socket: of two cores both are used, and not one, which is vitest's own choice.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Real sockets and minted keys on two shared cores. These bounds end what hangs; no timing decides a test.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Slower than the 600 calls a minute that the admin API takes: what is polled would be turned away for that alone.
    expect: { poll: { timeout: 110_000, interval: 120 } },
    coverage: {
      // The pure modules alone: what opens sockets and files is judged by its promises, not by its lines.
      include: [
        'kernel',
        'x509',
        'trust',
        'decide',
        'message',
        'http1',
        'upstream-tls',
        'fleet',
      ].map((module) => `src/${module}/**/*.ts`),
      reporter: ['text'],
      thresholds: { branches: 93, functions: 98, lines: 96 },
    },
  },
})
