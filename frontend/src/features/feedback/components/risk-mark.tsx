import { ShieldAlert, ShieldCheck, TriangleAlert } from 'lucide-react';
import type { Action } from '@/api/types';
import { cn } from '@/lib/cn';
import { riskLabel } from '../model';

const LOOK = {
  low: { Icon: ShieldCheck, colour: 'text-ink-2' },
  medium: { Icon: ShieldAlert, colour: 'text-caution' },
  high: { Icon: TriangleAlert, colour: 'text-danger' },
};

export function RiskMark({ risk }: { risk: Action['risk'] }) {
  const { Icon, colour } = LOOK[risk];
  return (
    <span className={cn('inline-flex items-center gap-1 font-medium', colour)}>
      <Icon aria-hidden className="size-4" />
      {riskLabel[risk]}
    </span>
  );
}
