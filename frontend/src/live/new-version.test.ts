import { QueryClient } from '@tanstack/react-query';
import { http, HttpResponse } from 'msw';
import { beforeEach, expect, test } from 'vitest';
import { keys } from '@/api/keys';
import { server } from '@/testing/server';
import { lookForNewVersion, newVersion } from './new-version';

const cache = new QueryClient();
let version = '1';
let script = '/assets/index-a.js';

beforeEach(() => {
  newVersion.set(false);
  document.head.innerHTML = '<script type="module" src="/assets/index-a.js"></script>';
  cache.setQueryData(keys.config, { version: '1' });
  version = '1';
  script = '/assets/index-a.js';
  server.use(
    http.get('/config.json', () => HttpResponse.json({ version })),
    http.get('/', () => HttpResponse.html(`<script type="module" src="${script}"></script>`)),
  );
});

test('the same server says nothing', async () => {
  await lookForNewVersion(cache);
  expect(newVersion.get()).toBe(false);
});

test('another version does', async () => {
  version = '2';
  await lookForNewVersion(cache);
  expect(newVersion.get()).toBe(true);
});

test('and so does another build of the same one', async () => {
  script = '/assets/index-b.js';
  await lookForNewVersion(cache);
  expect(newVersion.get()).toBe(true);
});

test('a server that is not ready yet is no news', async () => {
  server.use(http.get('/', () => new HttpResponse(null, { status: 503 })));
  version = '2';
  await lookForNewVersion(cache);
  expect(newVersion.get()).toBe(false);
});
