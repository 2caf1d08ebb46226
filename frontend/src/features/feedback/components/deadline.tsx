import { Clock } from 'lucide-react';
import type { FeedbackRequest } from '@/api/types';
import { useNow } from '@/hooks/use-now';
import { cn } from '@/lib/cn';
import { moment, remaining } from '@/lib/time';
import { consequence } from '../model';
import { useDeadlineWarnings } from '../use-deadline-warnings';

const SOON = 120_000;

/** Until when somebody can answer, and what happens then. */
export function Deadline({ request }: { request: FeedbackRequest }) {
  const now = useNow(request.due_at);
  useDeadlineWarnings(request);
  if (!request.due_at) {
    return <Line>This request waits until somebody answers.</Line>;
  }
  const left = remaining(request.due_at, now);
  if (!left) return <Line>The time to answer is over.</Line>;
  const soon = Date.parse(request.due_at) - now < SOON;
  return (
    <Line soon={soon}>
      Answer by {moment(request.due_at, now)} ({left}). After that {consequence(request)}.
    </Line>
  );
}

function Line({ soon = false, children }: { soon?: boolean; children: React.ReactNode }) {
  return (
    <p className={cn('flex gap-2 text-sm', soon ? 'font-medium text-caution' : 'text-ink-2')}>
      <Clock aria-hidden className="mt-0.5 size-4 shrink-0" />
      <span>{children}</span>
    </p>
  );
}
