import type { ComponentProps } from 'react';
import { cn } from '@/lib/cn';

export const control =
  'w-full rounded-md border border-rule-strong/70 bg-sheet px-3 text-base text-ink transition-colors duration-150 hover:border-rule-strong disabled:cursor-not-allowed disabled:bg-wash disabled:text-ink-2 aria-invalid:border-danger';

export function Input({ className, ...props }: ComponentProps<'input'>) {
  return <input data-slot="input" className={cn(control, 'h-9 pointer-coarse:h-11', className)} {...props} />;
}
