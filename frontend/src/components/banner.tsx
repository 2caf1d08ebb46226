import type { ReactNode } from 'react';

/** One line across the top of what it concerns. */
export function Banner({ icon, children }: { icon: ReactNode; children: ReactNode }) {
  return (
    <div
      data-slot="banner"
      className="flex min-h-9 flex-wrap items-center gap-2 border-b border-rule bg-wash px-4 py-1 text-sm text-ink-2 [&>svg]:size-4 [&>svg]:shrink-0"
    >
      {icon}
      {children}
    </div>
  );
}
