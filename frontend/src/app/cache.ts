import { notifyManager, QueryClient } from '@tanstack/react-query';
import { Problem } from '@/api/problem';

/** What the server refused stays refused; what did not reach it is tried again. */
function worthRetrying(failures: number, error: unknown): boolean {
  return failures < 2 && !(error instanceof Problem && error.status < 500);
}

// In the same turn of the event loop: the draft of a reply goes in the moment in which the reply comes, not a frame before.
notifyManager.setScheduler(queueMicrotask);

export function createCache(): QueryClient {
  return new QueryClient({
    defaultOptions: { queries: { retry: worthRetrying, staleTime: 30_000, refetchOnWindowFocus: false } },
  });
}
