import type { ReactNode } from 'react';
import { Words } from '@/components/exact-text';
import { cn } from '@/lib/cn';

interface TurnProps {
  /** Who speaks; left out, only the time stands in the margin. */
  name?: string;
  margin?: ReactNode;
  busy?: boolean;
  quiet?: boolean;
  children: ReactNode;
}

/** One entry of the record: who and when in the margin, what beside it. */
export function Turn({ name, margin, busy = false, quiet = false, children }: TurnProps) {
  return (
    <li
      aria-busy={busy || undefined}
      data-slot="message"
      className={cn(
        'grid gap-x-6 gap-y-1 @2xl:grid-cols-[104px_minmax(0,1fr)]',
        quiet ? 'pb-5' : 'border-t border-rule py-5 first:border-t-0',
      )}
    >
      <div className="flex items-baseline gap-2 @2xl:flex-col @2xl:gap-0">
        {name && (
          <span className="text-sm font-semibold">
            <Words text={name} />
          </span>
        )}
        <span className="text-xs leading-5 text-ink-3">{margin}</span>
      </div>
      <div className="min-w-0">{children}</div>
    </li>
  );
}
