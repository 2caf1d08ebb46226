import { queryOptions, useMutation } from '@tanstack/react-query';
import { api, unwrap } from '@/api/client';
import { keys } from '@/api/keys';
import type { LogEntry } from './model';

/** A run that has ended does not change any more; until then live events ask for it again. */
export function runQuery(id: string) {
  return queryOptions({
    queryKey: keys.run(id),
    queryFn: async () => {
      const run = await unwrap(api.GET('/api/runs/{run_id}', { params: { path: { run_id: id } } }));
      return { ...run, log: run.log as unknown as LogEntry[] };
    },
    staleTime: (query) => (query.state.data?.finished_at ? Number.POSITIVE_INFINITY : 0),
  });
}

export function useStop(sessionId: string) {
  return useMutation({
    mutationFn: () =>
      unwrap(api.POST('/api/chat/cancel/{session_id}', { params: { path: { session_id: sessionId } } })),
  });
}
