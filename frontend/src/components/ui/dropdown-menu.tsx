import { DropdownMenu as Menu } from 'radix-ui';
import type { ComponentProps, ReactNode } from 'react';
import { cn } from '@/lib/cn';

/** Not modal: a modal menu would inject a style element, which the page's security policy refuses. */
export function DropdownMenu({
  trigger,
  className,
  children,
  ...props
}: ComponentProps<typeof Menu.Content> & { trigger: ReactNode }) {
  return (
    <Menu.Root modal={false}>
      <Menu.Trigger asChild>{trigger}</Menu.Trigger>
      <Menu.Portal>
        <Menu.Content
          data-slot="dropdown-menu"
          sideOffset={6}
          collisionPadding={8}
          className={cn(
            'z-20 min-w-52 animate-settle rounded-md border border-rule bg-sheet p-1 text-sm shadow-float',
            className,
          )}
          {...props}
        >
          {children}
        </Menu.Content>
      </Menu.Portal>
    </Menu.Root>
  );
}

const item =
  'flex min-h-8 items-center gap-2 rounded-sm px-2 outline-none select-none data-highlighted:bg-wash pointer-coarse:min-h-11 [&_svg]:size-4 [&_svg]:text-ink-3';

export function MenuItem({ className, ...props }: ComponentProps<typeof Menu.Item>) {
  return <Menu.Item className={cn(item, 'cursor-pointer', className)} {...props} />;
}

export function MenuRadioGroup(props: ComponentProps<typeof Menu.RadioGroup>) {
  return <Menu.RadioGroup {...props} />;
}

export function MenuRadioItem({ className, children, ...props }: ComponentProps<typeof Menu.RadioItem>) {
  return (
    <Menu.RadioItem className={cn(item, 'cursor-pointer', className)} {...props}>
      <span className="flex-1">{children}</span>
      <Menu.ItemIndicator className="size-2 rounded-full bg-ink" />
    </Menu.RadioItem>
  );
}

export function MenuLabel({ className, ...props }: ComponentProps<typeof Menu.Label>) {
  return <Menu.Label className={cn('px-2 py-1 text-xs text-ink-3', className)} {...props} />;
}

export function MenuSeparator() {
  return <Menu.Separator className="my-1 h-px bg-rule" />;
}
