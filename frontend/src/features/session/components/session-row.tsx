import { NavLink } from 'react-router';
import type { Session } from '@/api/types';
import { Words } from '@/components/exact-text';
import { brief, full } from '@/lib/time';
import { isBusy, statusOf } from '../model';
import { SessionMenu } from './session-menu';
import { StatusChip } from './status-chip';

export function SessionRow({ session }: { session: Session }) {
  const status = statusOf(session, session.waiting, isBusy(session));
  return (
    <li className="group relative border-b border-rule">
      <NavLink
        to={`/s/${session.id}`}
        className="block border-l-2 border-transparent px-5 py-3 -outline-offset-2 transition-colors duration-150 hover:bg-wash aria-[current=page]:border-ink aria-[current=page]:bg-wash"
      >
        <span className="flex items-baseline gap-3">
          <span className="min-w-0 flex-1 truncate text-sm font-medium">
            <Words text={session.title || 'Untitled session'} />
          </span>
          <time dateTime={session.updated_at} title={full(session.updated_at)} className="text-xs text-ink-3">
            {brief(session.updated_at)}
          </time>
        </span>
        <StatusChip status={status} className="max-w-full pr-8" />
      </NavLink>
      <SessionMenu
        session={session}
        label={`Menu of ${session.title || 'Untitled session'}`}
        className="absolute right-2 bottom-1 size-8 pointer-coarse:bottom-0 pointer-fine:not-group-hover:not-focus-visible:not-aria-expanded:opacity-0"
      />
    </li>
  );
}
