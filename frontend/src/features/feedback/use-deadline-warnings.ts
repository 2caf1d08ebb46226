import { useEffect } from 'react';
import type { FeedbackRequest } from '@/api/types';
import { useAnnounce } from '@/hooks/use-announce';
import { consequence } from './model';

const WARNINGS = [
  { ahead: 120_000, words: '2 minutes', urgency: 'polite' },
  { ahead: 20_000, words: '20 seconds', urgency: 'alert' },
] as const;
/** The longest a browser's timer can wait. */
const FARTHEST = 2 ** 31 - 1;

/** Tells those who do not see the countdown that the time to answer is running out, and what happens then. */
export function useDeadlineWarnings(request: FeedbackRequest): void {
  const announce = useAnnounce();
  const { due_at: due, title } = request;
  const then = consequence(request);
  useEffect(() => {
    if (!due) return undefined;
    const timers = WARNINGS.flatMap(({ ahead, words, urgency }) => {
      const wait = Date.parse(due) - ahead - Date.now();
      const text = `${words} left to answer: ${title}. After that ${then}.`;
      return wait > 0 && wait < FARTHEST ? [setTimeout(() => announce(text, urgency), wait)] : [];
    });
    return () => timers.forEach(clearTimeout);
  }, [announce, due, title, then]);
}
