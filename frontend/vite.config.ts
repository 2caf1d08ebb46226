import { fileURLToPath } from 'node:url';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const backend = process.env.ASSENT_DEV_BACKEND ?? 'http://127.0.0.1:8000';
// The socket's Origin check compares with the backend's own address, so the proxy speaks in its name.
const proxied = { target: backend, changeOrigin: true, headers: { origin: backend } };

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  server: {
    host: '127.0.0.1',
    proxy: {
      '/api': { ...proxied, ws: true, rewriteWsOrigin: true },
      '/config.json': proxied,
    },
  },
  build: {
    manifest: true,
    // light-dark() and container queries are used as written.
    target: ['chrome123', 'safari17.5', 'firefox121'],
  },
  test: {
    environment: 'jsdom',
    setupFiles: ['src/testing/setup.ts'],
    restoreMocks: true,
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
