import { ShieldAlert, ShieldCheck, TriangleAlert } from 'lucide-react';
import type { FeedbackRequest } from '@/api/types';
import { cn } from '@/lib/cn';
import { riskLabel, riskWord } from '../model';

const LOOK = {
  low: { Icon: ShieldCheck, colour: 'text-ink-2' },
  medium: { Icon: ShieldAlert, colour: 'text-caution' },
  high: { Icon: TriangleAlert, colour: 'text-danger' },
};

/** How high the risk of the call is, and whose word that is. */
export function RiskBadge({ request }: { request: FeedbackRequest }) {
  if (!request.action) return null;
  const { risk } = request.action;
  const { Icon, colour } = LOOK[risk];
  return (
    <span className="inline-flex flex-wrap items-center gap-x-2">
      <span className={cn('inline-flex items-center gap-1 font-medium', colour)}>
        <Icon aria-hidden className="size-4" />
        {riskLabel[risk]}
      </span>
      <span className="text-ink-3">{riskWord(request)}</span>
    </span>
  );
}
