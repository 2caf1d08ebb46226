import { cva, type VariantProps } from 'class-variance-authority';
import { Slot } from 'radix-ui';
import type { ComponentProps } from 'react';
import { cn } from '@/lib/cn';

const buttonVariants = cva(
  'inline-flex shrink-0 items-center justify-center gap-2 rounded-md font-medium whitespace-nowrap transition-colors duration-150 select-none disabled:cursor-not-allowed disabled:opacity-50 aria-busy:cursor-progress [&_svg]:size-4 [&_svg]:shrink-0',
  {
    variants: {
      variant: {
        /** The ordinary main action of a screen. */
        primary: 'bg-ink text-on-ink enabled:hover:bg-ink-2',
        /** Gives assent. Nothing else wears the accent. */
        accent: 'bg-accent text-on-accent enabled:hover:bg-accent-strong',
        quiet: 'border border-rule-strong/60 bg-sheet text-ink hover:border-rule-strong hover:bg-wash',
        ghost: 'text-ink-2 hover:bg-wash hover:text-ink',
        danger: 'border border-danger/50 bg-sheet text-danger hover:bg-danger-wash',
      },
      size: {
        sm: 'h-7 px-2 text-sm pointer-coarse:h-11',
        md: 'h-9 px-4 text-sm pointer-coarse:h-11',
        icon: 'size-9 pointer-coarse:size-11',
      },
    },
    defaultVariants: { variant: 'quiet', size: 'md' },
  },
);

type ButtonProps = ComponentProps<'button'> & VariantProps<typeof buttonVariants> & { asChild?: boolean };

export function Button({
  className,
  variant,
  size,
  asChild = false,
  type = 'button',
  ...props
}: ButtonProps) {
  const classes = cn(buttonVariants({ variant, size }), className);
  if (asChild) return <Slot.Root data-slot="button" className={classes} {...props} />;
  // eslint-disable-next-line react/button-has-type
  return <button data-slot="button" type={type} className={classes} {...props} />;
}
