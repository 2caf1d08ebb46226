import { Ellipsis } from 'lucide-react';
import { type ComponentProps, lazy, type ReactNode, Suspense } from 'react';
import type { Session } from '@/api/types';
import { Button } from '@/components/ui/button';

// Menus float and trap the focus, which is much code for something closed: it comes after the page. Without it the
// button stays dead until the next load, and the page works.
const body = import('./session-menu-body').catch(() => ({ default: Closed }));
const SessionMenuBody = lazy(() => body);

export interface SessionMenuProps {
  session: Session;
  label: string;
  className?: string;
  /** More to choose from, above the rest. */
  items?: ReactNode;
}

export function SessionMenuButton({ label, ...props }: { label: string } & ComponentProps<typeof Button>) {
  return (
    <Button variant="ghost" size="icon" aria-label={label} {...props}>
      <Ellipsis aria-hidden />
    </Button>
  );
}

function Closed({ label, className }: SessionMenuProps) {
  return <SessionMenuButton label={label} className={className} aria-disabled tabIndex={-1} />;
}

/** What can be done with a session as a whole. */
export function SessionMenu(props: SessionMenuProps) {
  return (
    <Suspense fallback={<Closed {...props} />}>
      <SessionMenuBody {...props} />
    </Suspense>
  );
}
