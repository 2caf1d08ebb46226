import { QueryClient } from '@tanstack/react-query';
import { http, HttpResponse } from 'msw';
import { expect, test, vi } from 'vitest';
import { keys } from '@/api/keys';
import { answered, aRequest } from '@/testing/fixtures';
import { server } from '@/testing/server';
import { requestQuery } from './queries';

test.each([
  ['a decision', answered(aRequest(), 'approve')],
  ['a change', aRequest({ version: 2 })],
])('a reading that %s overtook does not take it back', async (_, overtaking) => {
  const cache = new QueryClient();
  const { queryKey } = requestQuery(overtaking.id);
  let arrive: (() => void) | undefined;
  server.use(
    http.get('*/api/feedback/:id', async () => {
      await new Promise<void>((resolve) => {
        arrive = resolve;
      });
      return HttpResponse.json(aRequest());
    }),
  );
  const reading = cache.fetchQuery(requestQuery(overtaking.id));
  await vi.waitFor(() => expect(arrive).toBeDefined());
  cache.setQueryData(keys.request(overtaking.id), overtaking);
  arrive?.();
  await reading;
  expect(cache.getQueryData(queryKey)).toEqual(overtaking);
});
