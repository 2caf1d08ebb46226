/** A request's card on screen, and a server that keeps what was answered. */
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, render, screen } from '@testing-library/react';
import { http, HttpResponse } from 'msw';
import { beforeEach } from 'vitest';
import type { FeedbackRequest } from '@/api/types';
import { RequestCard } from '@/features/feedback/components/request-card';
import { putRequest } from '@/live/apply-event';
import type { Frame } from '@/live/frames';
import { applyMine } from '@/live/use-live-me';
import { answered } from './fixtures';
import { server } from './server';

interface Sent {
  key: string | null;
  body: unknown;
}

const URL = '*/api/feedback/r1/answer';
let cache: QueryClient;
export const sent: Sent[] = [];

beforeEach(() => {
  cache = new QueryClient({ defaultOptions: { queries: { retry: false }, mutations: { retry: false } } });
  sent.length = 0;
});

export function show(request: FeedbackRequest, blocked?: string) {
  return render(
    <QueryClientProvider client={cache}>
      <RequestCard request={request} heading="h2" blocked={blocked} />
    </QueryClientProvider>,
  );
}

/** Answers each call with the next reply. */
export function reply(...replies: (() => Response)[]) {
  server.use(
    http.post(URL, async ({ request }) => {
      sent.push({ key: request.headers.get('Idempotency-Key'), body: await request.json() });
      return replies[Math.min(sent.length, replies.length) - 1]?.() ?? HttpResponse.error();
    }),
  );
}

export function settles(request: FeedbackRequest, action: string) {
  return () => HttpResponse.json(answered(request, action));
}

/** The socket says what has become of it. */
export function hear(request: FeedbackRequest) {
  act(() => putRequest(cache, request));
}

/** The socket of the person's own says so. */
export function hearMine(frame: Frame) {
  act(() => applyMine(cache, frame));
}

export function button(name: string) {
  return screen.getByRole('button', { name });
}
