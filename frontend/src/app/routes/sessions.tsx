import { Outlet, useMatch } from 'react-router';
import { SessionList } from '@/features/session/components/session-list';
import { cn } from '@/lib/cn';

/** List and detail side by side where there is room, one at a time where there is not. */
export function SessionsLayout() {
  const atList = useMatch('/sessions') !== null;
  return (
    <div className="flex h-full">
      <aside
        aria-label="Sessions"
        className={cn('w-full shrink-0 border-rule lg:w-[304px] lg:border-r', !atList && 'max-lg:hidden')}
      >
        <SessionList heading={atList ? 'h1' : 'h2'} />
      </aside>
      <div className={cn('@container min-w-0 flex-1', atList && 'max-lg:hidden')}>
        <Outlet />
      </div>
    </div>
  );
}
