import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { render, screen } from '@testing-library/react';
import { http, HttpResponse } from 'msw';
import { createMemoryRouter, RouterProvider } from 'react-router';
import { beforeEach, expect, test } from 'vitest';
import { keys } from '@/api/keys';
import { newVersion } from '@/live/new-version';
import { server } from '@/testing/server';
import { Broken, Loading } from './load-fallback';
import { watchForMissingChunks } from './missing-chunks';

watchForMissingChunks();

const cache = new QueryClient();
let version: string;

beforeEach(() => {
  newVersion.set(false);
  version = '1';
  cache.setQueryData(keys.config, { version: '1' });
  server.use(
    http.get('/config.json', () => HttpResponse.json({ version })),
    http.get('/', () => HttpResponse.html('')),
  );
});

/** Opens a screen whose part fails like this; `reported` by the loader as one that could not be fetched. */
function openWith(error: Error, reported: boolean): void {
  const lazy = () => {
    const event = Object.assign(new Event('vite:preloadError', { cancelable: true }), { payload: error });
    if (reported) window.dispatchEvent(event);
    return Promise.reject(error);
  };
  const router = createMemoryRouter([
    { ErrorBoundary: Broken, HydrateFallback: Loading, children: [{ path: '/', lazy }] },
  ]);
  render(
    <QueryClientProvider client={cache}>
      <RouterProvider router={router} />
    </QueryClientProvider>,
  );
}

const heading = (name: string) => screen.findByRole('heading', { name });

test('a part of an older version says that there is a newer one', async () => {
  version = '2';
  openWith(new TypeError('Failed to fetch dynamically imported module'), true);
  expect(await heading('Assent was updated')).toBeVisible();
  expect(screen.getByRole('button', { name: 'Reload' })).toBeVisible();
});

test('a part that did not come says so', async () => {
  openWith(new TypeError('Importing a module script failed.'), true);
  expect(await heading('This screen could not be loaded')).toBeVisible();
  expect(screen.getByRole('button', { name: 'Reload' })).toBeVisible();
});

test('a fault in a part is one, with its details to copy', async () => {
  openWith(new TypeError('x is undefined'), false);
  expect(await heading('This page stopped working')).toBeVisible();
  expect(screen.getByRole('button', { name: 'Copy details' })).toBeVisible();
});
