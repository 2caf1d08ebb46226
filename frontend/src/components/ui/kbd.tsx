import type { ReactNode } from 'react';

export function Kbd({ children }: { children: ReactNode }) {
  return (
    <kbd
      data-slot="kbd"
      className="inline-grid min-h-6 min-w-6 place-items-center rounded-sm border border-rule-strong/60 bg-wash px-1.5 font-mono text-xs text-ink"
    >
      {children}
    </kbd>
  );
}
