import { type ButtonHTMLAttributes, cloneElement, lazy, type ReactElement, Suspense } from 'react';
import type { Person } from '@/api/types';

// Comes after the page, like every menu; without it its button stays dead until the next load, and the page works.
const body = import('./user-menu-body').catch(() => ({ default: Closed }));
const UserMenuBody = lazy(() => body);

export interface UserMenuProps {
  person: Person;
  version: string | undefined;
  trigger: ReactElement<ButtonHTMLAttributes<HTMLButtonElement>>;
  side: 'right' | 'top';
  onFailure: () => void;
  onHelp: () => void;
}

function Closed({ trigger }: UserMenuProps) {
  return cloneElement(trigger, { 'aria-disabled': true, tabIndex: -1 });
}

export function UserMenu(props: UserMenuProps) {
  return (
    <Suspense fallback={<Closed {...props} />}>
      <UserMenuBody {...props} />
    </Suspense>
  );
}
