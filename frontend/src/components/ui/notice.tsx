import { Info, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { cn } from '@/lib/cn';

/** A short message with its own next step. `problem` is announced at once. */
export function Notice({
  tone = 'calm',
  children,
  className,
}: {
  tone?: 'calm' | 'problem';
  children: ReactNode;
  className?: string;
}) {
  const Icon = tone === 'problem' ? TriangleAlert : Info;
  return (
    <div
      data-slot="notice"
      role={tone === 'problem' ? 'alert' : undefined}
      className={cn(
        'flex gap-3 border-l-2 py-1 pl-3 text-sm',
        tone === 'problem' ? 'border-danger text-danger' : 'border-rule-strong text-ink-2',
        className,
      )}
    >
      <Icon aria-hidden className="mt-0.5 size-4 shrink-0" />
      <div className="min-w-0 flex-1">{children}</div>
    </div>
  );
}
