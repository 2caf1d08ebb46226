import { useQuery } from '@tanstack/react-query';
import { MessagesSquare, Plus, Waypoints } from 'lucide-react';
import { useState } from 'react';
import { Link, Outlet, useLocation, useMatch } from 'react-router';
import { Mark } from '@/components/brand';
import { ErrorNotice } from '@/components/error-notice';
import { Words } from '@/components/exact-text';
import { DegradedBanner } from '@/components/degraded-banner';
import { NewVersionBanner } from '@/components/new-version-banner';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { UserMenu } from '@/features/auth/components/user-menu';
import { initials } from '@/features/auth/model';
import { configQuery, meQuery } from '@/features/auth/queries';
import { useStore } from '@/hooks/use-store';
import { cn } from '@/lib/cn';
import { newVersion } from '@/live/new-version';
import { queueDegraded } from '@/live/queue-status';
import { useLiveMe } from '@/live/use-live-me';
import { Shortcuts } from './shortcuts';

/** A rail at the side, or a bar at the bottom of a small screen, around whatever is open. */
export function Shell() {
  useLiveMe();
  const atTop = [useMatch('/sessions'), useMatch('/settings/*')].some(Boolean);
  const [help, setHelp] = useState(false);
  return (
    <div className="flex h-dvh flex-col sm:flex-row">
      <a
        href="#main"
        className="sr-only z-30 rounded-md bg-ink px-4 py-2 text-on-ink focus:not-sr-only focus:absolute focus:top-2 focus:left-2"
      >
        Skip to content
      </a>
      <nav
        aria-label="Main"
        className={cn(
          'order-last flex shrink-0 items-center justify-around border-t border-rule pb-[env(safe-area-inset-bottom)] sm:order-first sm:w-[76px] sm:flex-col sm:justify-start sm:gap-1 sm:border-t-0 sm:border-r sm:py-3',
          !atTop && 'max-sm:hidden',
        )}
      >
        <Link to="/sessions" aria-label="Assent, all sessions" className="mb-4 rounded-md p-1 max-sm:hidden">
          <Mark className="size-8" />
        </Link>
        <Place
          to="/sessions"
          icon={<MessagesSquare aria-hidden />}
          label="Sessions"
          within={['/sessions', '/s/', '/r/']}
        />
        <Place to="/s/new" icon={<Plus aria-hidden />} label="New" within={[]} className="sm:hidden" />
        <Place
          to="/settings/channels"
          icon={<Waypoints aria-hidden />}
          label="Channels"
          within={['/settings/channels']}
        />
        <Account onHelp={() => setHelp(true)} />
      </nav>
      <main id="main" tabIndex={-1} className="flex min-h-0 min-w-0 flex-1 flex-col outline-none">
        <NewVersionBanner ready={useStore(newVersion)} />
        <DegradedBanner degraded={useStore(queueDegraded)} />
        <div className="min-h-0 flex-1">
          <Outlet />
        </div>
      </main>
      <Shortcuts helpOpen={help} onHelp={setHelp} />
    </div>
  );
}

const place =
  'flex min-h-14 w-[68px] flex-col items-center justify-center gap-1 rounded-md text-xs text-ink-2 transition-colors duration-150 hover:bg-wash hover:text-ink [&_svg]:size-5';

interface PlaceProps {
  to: string;
  icon: React.ReactNode;
  label: string;
  /** Paths that belong to it. */
  within: string[];
  className?: string;
}

function Place({ to, icon, label, within, className }: PlaceProps) {
  const { pathname } = useLocation();
  const here = within.some((start) => pathname.startsWith(start));
  return (
    <Link
      to={to}
      aria-current={here ? 'page' : undefined}
      className={cn(place, here && 'font-semibold text-ink', className)}
    >
      {icon}
      {label}
    </Link>
  );
}

function Account({ onHelp }: { onHelp: () => void }) {
  const me = useQuery(meQuery);
  const config = useQuery(configQuery);
  const [failed, setFailed] = useState(false);
  if (!me.data) return null;
  return (
    <div className="sm:mt-auto">
      <UserMenu
        person={me.data}
        version={config.data?.version}
        side="right"
        onFailure={() => setFailed(true)}
        onHelp={onHelp}
        trigger={
          <button type="button" className={place}>
            <span
              aria-hidden
              className="grid size-7 place-items-center rounded-full border border-rule-strong text-xs font-semibold"
            >
              {initials(me.data.name)}
            </span>
            <span className="max-w-full truncate px-1">
              <span className="sr-only">Account of </span>
              <Words text={me.data.name.split(' ')[0] ?? ''} />
            </span>
          </button>
        }
      />
      {failed && (
        <Dialog title="You are still signed in" onClose={() => setFailed(false)}>
          <ErrorNotice error={new Error('sign-out')} />
          <div className="mt-6 flex justify-end">
            <Button onClick={() => setFailed(false)}>Close</Button>
          </div>
        </Dialog>
      )}
    </div>
  );
}
