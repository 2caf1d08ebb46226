import type { ComponentProps } from 'react';
import { cn } from '@/lib/cn';
import { control } from './input';

/** Grows with its content up to a third of the screen. */
export function Textarea({ className, rows = 2, ...props }: ComponentProps<'textarea'>) {
  return (
    <textarea
      data-slot="textarea"
      rows={rows}
      className={cn(
        control,
        'field-sizing-content max-h-[33dvh] resize-none py-2 pointer-coarse:min-h-11',
        className,
      )}
      {...props}
    />
  );
}
