import { useInfiniteQuery } from '@tanstack/react-query';
import { Plus, Search } from 'lucide-react';
import { useDeferredValue, useRef, useState } from 'react';
import { Link } from 'react-router';
import { ErrorNotice } from '@/components/error-notice';
import { Button } from '@/components/ui/button';
import { EmptyState } from '@/components/ui/empty-state';
import { Input } from '@/components/ui/input';
import { Select } from '@/components/ui/select';
import { Skeleton } from '@/components/ui/skeleton';
import { sessionsQuery, type StatusFilter } from '../queries';
import { useListKeys } from './use-list-keys';
import { SessionRow } from './session-row';

const FILTERS: [StatusFilter, string][] = [
  ['', 'All'],
  ['active', 'Open'],
  ['closed', 'Closed'],
];

/** Every session of the person, latest first. */
export function SessionList({ heading: Heading }: { heading: 'h1' | 'h2' }) {
  const [search, setSearch] = useState('');
  const [status, setStatus] = useState<StatusFilter>('');
  const list = useRef<HTMLDivElement>(null);
  const field = useRef<HTMLInputElement>(null);
  useListKeys(list, field);
  return (
    <div className="flex h-full flex-col">
      <header className="flex min-h-14 items-center justify-between gap-2 border-b border-rule pr-2 pl-5">
        <Heading className="font-semibold">Sessions</Heading>
        <Button asChild variant="ghost" size="sm">
          <Link to="/s/new">
            <Plus aria-hidden />
            New
          </Link>
        </Button>
      </header>
      <div className="relative flex items-center border-b border-rule">
        <Search aria-hidden className="absolute top-1/2 left-5 size-4 -translate-y-1/2 text-ink-3" />
        <Input
          ref={field}
          type="search"
          aria-label="Search sessions"
          placeholder="Search"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
          className="h-11 min-w-0 rounded-none border-0 bg-transparent pl-11 text-sm -outline-offset-2"
        />
        <Select
          aria-label="Which sessions"
          value={status}
          onChange={(event) => setStatus(FILTERS.find(([value]) => value === event.target.value)?.[0] ?? '')}
          className="h-11 w-auto rounded-none border-0 bg-transparent text-sm text-ink-2 -outline-offset-2"
        >
          {FILTERS.map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </Select>
      </div>
      <div ref={list} className="relative min-h-0 flex-1 overflow-y-auto">
        <Results
          search={useDeferredValue(search.trim())}
          status={status}
          onClear={() => {
            setSearch('');
            setStatus('');
          }}
        />
      </div>
    </div>
  );
}

interface ResultsProps {
  search: string;
  status: StatusFilter;
  onClear: () => void;
}

function Results({ search, status, onClear }: ResultsProps) {
  const query = useInfiniteQuery(sessionsQuery(search, status));
  if (query.isPending) {
    return <Skeleton label="Loading sessions" className="p-5" lines={[70, 40, 60, 30, 75, 45, 55, 35]} />;
  }
  if (query.isError && !query.data) {
    return (
      <div className="p-5">
        <ErrorNotice error={query.error}>
          <Button size="sm" onClick={() => void query.refetch()}>
            Try again
          </Button>
        </ErrorNotice>
      </div>
    );
  }
  const sessions = query.data.pages.flatMap((page) => page.items);
  if (sessions.length === 0) {
    return (
      <div className="p-5">
        {search || status ? (
          <EmptyState action={<Button onClick={onClear}>Clear the filters</Button>}>
            {search
              ? `Nothing matches “${search}”.`
              : `No ${status === 'closed' ? 'closed' : 'open'} sessions.`}
          </EmptyState>
        ) : (
          <EmptyState
            action={
              // Where there is room, the same stands beside the list already.
              <Button asChild variant="primary" className="lg:hidden">
                <Link to="/s/new">Start a session</Link>
              </Button>
            }
          >
            No sessions yet. Say what should be done; the agent asks when it needs you.
          </EmptyState>
        )}
      </div>
    );
  }
  return (
    <>
      <ul>
        {sessions.map((session) => (
          <SessionRow key={session.id} session={session} />
        ))}
      </ul>
      {query.hasNextPage && (
        <div className="p-4">
          <Button disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {query.isFetchingNextPage ? 'Loading' : 'Load more'}
          </Button>
        </div>
      )}
    </>
  );
}
