import type { ReactNode } from 'react';

/** One sentence and one action. */
export function EmptyState({ children, action }: { children: ReactNode; action?: ReactNode }) {
  return (
    <div data-slot="empty-state" className="grid justify-items-start gap-4 text-ink-2">
      <p>{children}</p>
      {action}
    </div>
  );
}
