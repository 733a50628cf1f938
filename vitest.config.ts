import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Real sockets and minted keys on two shared cores: room to breathe, and no timing decides a test.
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
