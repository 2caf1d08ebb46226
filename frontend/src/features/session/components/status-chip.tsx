import { Check, CircleDot, MailX, OctagonAlert, PenLine } from 'lucide-react';
import { Words } from '@/components/exact-text';
import { cn } from '@/lib/cn';
import type { Status } from '../model';

const LOOK = {
  idle: { Icon: undefined, colour: 'text-ink-3' },
  done: { Icon: Check, colour: 'text-ink-3' },
  working: { Icon: CircleDot, colour: 'text-ink-2' },
  waiting: { Icon: PenLine, colour: 'font-medium text-accent' },
  lost: { Icon: MailX, colour: 'font-medium text-danger' },
  failed: { Icon: OctagonAlert, colour: 'text-danger' },
};

export function StatusChip({ status, className }: { status: Status; className?: string }) {
  const { Icon, colour } = LOOK[status.tone];
  return (
    <span
      data-slot="status-chip"
      className={cn('flex min-w-0 items-center gap-1.5 text-sm', colour, className)}
    >
      {Icon && (
        <Icon
          aria-hidden
          className={cn('size-3.5 shrink-0', status.tone === 'working' && 'animate-breathe')}
        />
      )}
      <span className="truncate">
        <Words text={status.text} />
      </span>
    </span>
  );
}
