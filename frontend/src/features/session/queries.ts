import {
  infiniteQueryOptions,
  queryOptions,
  skipToken,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query';
import { api, unwrap } from '@/api/client';
import { keys } from '@/api/keys';
import { patchSession } from '@/live/apply-event';
import type { SessionLog } from '@/live/session-log';

export type StatusFilter = '' | 'active' | 'closed';

export function sessionsQuery(search: string, status: StatusFilter = '') {
  return infiniteQueryOptions({
    queryKey: keys.sessionList(search, status),
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET('/api/sessions', {
          params: {
            query: {
              ...(search && { q: search }),
              ...(status && { status }),
              ...(pageParam && { cursor: pageParam }),
            },
          },
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (page) => page.next ?? undefined,
  });
}

/** A reading that the log has run ahead of would take back what its frames said, so it is made once more. */
export function sessionQuery(id: string) {
  const read = () => unwrap(api.GET('/api/sessions/{session_id}', { params: { path: { session_id: id } } }));
  return queryOptions({
    queryKey: keys.session(id),
    queryFn: async ({ client }) => {
      const session = await read();
      const cursor = client.getQueryData<SessionLog>(keys.log(id))?.cursor ?? 0;
      return session.last_seq < cursor ? await read() : session;
    },
  });
}

/** The session's log as the socket keeps it; undefined until its first word. */
export function useSessionLog(id: string): SessionLog | undefined {
  return useQuery<SessionLog>({
    queryKey: keys.log(id),
    queryFn: skipToken,
    staleTime: Number.POSITIVE_INFINITY,
  }).data;
}

export function useRename(id: string) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (title: string) =>
      unwrap(
        api.PATCH('/api/sessions/{session_id}', { params: { path: { session_id: id } }, body: { title } }),
      ),
    onSuccess: (session) => void patchSession(cache, id, session),
  });
}

export function useCloseSession(id: string) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: () =>
      unwrap(api.DELETE('/api/sessions/{session_id}', { params: { path: { session_id: id } } })),
    onSuccess: (session) => void patchSession(cache, id, session),
  });
}

/** Starts a session with its first message; the same `client_id` again starts nothing new. */
export function useStartSession() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (first: { query: string; client_id: string }) =>
      unwrap(api.POST('/api/chat/completion', { body: first })),
    onSuccess: () => void cache.invalidateQueries({ queryKey: keys.sessionLists }),
  });
}
