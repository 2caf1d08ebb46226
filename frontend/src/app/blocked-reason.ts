import type { FeedbackRequest } from '@/api/types';
import { notAsked } from '@/features/feedback/model';

/** Why a request cannot be decided right now, or by this reader at all. */
export function blockedReason(
  request: FeedbackRequest,
  me: string | undefined,
  reach: { online: boolean; server: boolean },
): string | undefined {
  if (!reach.online) return 'You are offline. You can decide as soon as the connection is back.';
  if (!reach.server) return 'The server cannot be reached. You can decide as soon as it is back.';
  return notAsked(request, me);
}
