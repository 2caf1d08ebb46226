import { ArrowLeft } from 'lucide-react';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { Session } from '@/api/types';
import { Words } from '@/components/exact-text';
import { Button } from '@/components/ui/button';
import type { Status } from '../model';
import { SessionMenu } from './session-menu';
import { StatusChip } from './status-chip';

interface SessionHeaderProps {
  session: Session;
  status: Status;
  /** Where to ask about it, beside the menu and in it. */
  channel?: ReactNode;
  menuItems?: ReactNode;
}

export function SessionHeader({ session, status, channel, menuItems }: SessionHeaderProps) {
  return (
    <header className="flex min-h-14 items-center gap-2 border-b border-rule px-2 sm:px-4">
      <Button asChild variant="ghost" size="icon" className="lg:hidden">
        <Link to="/sessions" aria-label="All sessions">
          <ArrowLeft aria-hidden />
        </Link>
      </Button>
      <div className="flex min-w-0 flex-1 flex-wrap items-center gap-x-4 py-2 lg:pl-2">
        <h1 className="max-w-full truncate font-semibold" title={session.title}>
          <Words text={session.title || 'Untitled session'} />
        </h1>
        <StatusChip status={status} />
      </div>
      {channel}
      <SessionMenu session={session} label="Session menu" items={menuItems} />
    </header>
  );
}
