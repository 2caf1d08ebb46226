// Fails the build when the first route's JavaScript outgrows its budget, or markdown leaks out of its lazy chunk.
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const BUDGET = 200 * 1024;
const dist = new URL('../dist/', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('.vite/manifest.json', dist), 'utf8'));

function closure(key, seen = new Set()) {
  if (seen.has(key)) return seen;
  seen.add(key);
  for (const next of manifest[key].imports ?? []) closure(next, seen);
  return seen;
}

const first = [...closure('index.html'), ...closure('src/app/routes/session.tsx')];
const files = new Set(first.map((key) => manifest[key].file).filter((file) => file.endsWith('.js')));
const gzip = (file) => gzipSync(readFileSync(new URL(file, dist))).length;
const total = [...files].reduce((sum, file) => sum + gzip(file), 0);
const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`;

console.log(`first route with an open session: ${kib(total)} gzip of ${kib(BUDGET)} in ${files.size} files`);
if (files.has(manifest['src/components/markdown-body.tsx']?.file)) {
  throw new Error('markdown-body must stay in its own lazy chunk');
}
if (total > BUDGET) throw new Error(`over budget by ${kib(total - BUDGET)}`);
