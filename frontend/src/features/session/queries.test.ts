import { QueryClient } from '@tanstack/react-query';
import { http, HttpResponse } from 'msw';
import { expect, test } from 'vitest';
import { keys } from '@/api/keys';
import { aSession } from '@/testing/fixtures';
import { server } from '@/testing/server';
import { sessionQuery } from './queries';

test.each([
  ['is made once more when the log has run ahead of it', 4, 'completed'],
  ['is taken as it is when it is as new as the log', 3, 'thinking'],
])('a reading of the session %s', async (_, cursor, shown) => {
  const readings = [
    aSession({ last_seq: 3, agent_status: 'thinking' }),
    aSession({ last_seq: 4, agent_status: 'completed' }),
  ];
  server.use(http.get('*/api/sessions/:id', () => HttpResponse.json(readings.shift())));
  const cache = new QueryClient();
  cache.setQueryData(keys.log('s1'), { cursor, frames: [] });
  expect((await cache.fetchQuery(sessionQuery('s1'))).agent_status).toBe(shown);
});
