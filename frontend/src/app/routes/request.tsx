import { useQuery } from '@tanstack/react-query';
import { ArrowLeft } from 'lucide-react';
import { Link, useParams } from 'react-router';
import { isStatus } from '@/api/problem';
import { ErrorNotice } from '@/components/error-notice';
import { Button } from '@/components/ui/button';
import { Skeleton } from '@/components/ui/skeleton';
import { meQuery } from '@/features/auth/queries';
import { RequestCard } from '@/features/feedback/components/request-card';
import { requestQuery } from '@/features/feedback/queries';
import { useOnline } from '@/hooks/use-online';
import { blockedReason } from '../blocked-reason';
import { UndeliveredRequest } from '../undelivered-request';
import { NotFound } from './not-found';

/** One request alone, where a link from a message leads. Opening it changes nothing. */
export function RequestRoute() {
  const { id = '' } = useParams();
  const request = useQuery(requestQuery(id));
  const me = useQuery(meQuery);
  const online = useOnline();
  if (isStatus(request.error, 404)) return <NotFound />;
  return (
    <div className="@container relative h-full overflow-y-auto">
      <div className="mx-auto max-w-[680px] px-4 py-6 sm:px-6 sm:py-10">
        <title>{`${request.data?.title ?? 'Request'} · Assent`}</title>
        {request.data ? (
          <>
            <Button asChild variant="ghost" size="sm" className="mb-4 -ml-2">
              <Link to={`/s/${request.data.session_id}`}>
                <ArrowLeft aria-hidden />
                Open the session
              </Link>
            </Button>
            <RequestCard
              key={id}
              request={request.data}
              heading="h1"
              blocked={blockedReason(request.data, me.data?.id, { online, server: true })}
              Lost={UndeliveredRequest}
            />
          </>
        ) : request.error ? (
          <ErrorNotice error={request.error}>
            <Button size="sm" onClick={() => void request.refetch()}>
              Try again
            </Button>
          </ErrorNotice>
        ) : (
          <Skeleton label="Loading the request" lines={[30, 70, 90, 90, 50]} />
        )}
      </div>
    </div>
  );
}
