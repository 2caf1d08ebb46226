/** The page of channels on screen, and a server that keeps what it is told. */
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, render, within } from '@testing-library/react';
import { http, HttpResponse } from 'msw';
import { MemoryRouter } from 'react-router';
import { beforeEach } from 'vitest';
import type { Channel } from '@/api/types';
import { ChannelsRoute } from '@/app/routes/channels';
import type { Wish } from '@/features/channels/model';
import type { Frame } from '@/live/frames';
import { applyMine } from '@/live/use-live-me';
import { aChannel } from './fixtures';
import { server } from './server';

export const AT = '*/api/channels';
export const slack = aChannel({ type: 'slack', account: '@dana' });
export const email = aChannel({ type: 'email', set_up: false, linked: false, status: 'disconnected' });
/** The orders it was told, one after the other. */
export const put: Wish[][] = [];
let kept: Channel[];
let cache: QueryClient;

beforeEach(() => {
  cache = new QueryClient({ defaultOptions: { queries: { retry: false }, mutations: { retry: false } } });
  put.length = 0;
  keeps([aChannel(), slack, email]);
});

export function keeps(channels: Channel[]) {
  kept = channels;
  server.use(
    http.get(AT, () => HttpResponse.json({ items: kept })),
    http.put(AT, async ({ request }) => {
      const { items } = (await request.json()) as { items: Wish[] };
      put.push(items);
      kept = items.map((wish) => ({ ...kept.find(({ type }) => type === wish.type), ...wish }) as Channel);
      return HttpResponse.json({ items: kept });
    }),
  );
}

export function show() {
  render(
    <QueryClientProvider client={cache}>
      <MemoryRouter>
        <ChannelsRoute />
      </MemoryRouter>
    </QueryClientProvider>,
  );
}

/** The socket says so. */
export function hear(frame: Frame) {
  act(() => applyMine(cache, frame));
}

export function row(type: string) {
  const found = document.querySelector<HTMLElement>(`[data-channel=${type}]`);
  if (!found) throw new Error(`no row of ${type}`);
  return within(found);
}
