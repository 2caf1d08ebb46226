import { useQuery } from '@tanstack/react-query';
import { Check, CircleDashed, X } from 'lucide-react';
import { Link } from 'react-router';
import { ErrorNotice } from '@/components/error-notice';
import { Words } from '@/components/exact-text';
import { Time } from '@/components/ui/time';
import { cn } from '@/lib/cn';
import { type Step, testSteps } from '../deliveries';
import { requestQuery } from '../queries';

const LOOK = {
  done: { Icon: Check, colour: 'text-good' },
  now: { Icon: CircleDashed, colour: 'text-ink-3' },
  failed: { Icon: X, colour: 'text-danger' },
};

/** The way of a test message, as it goes. */
export function TestProgress({ requestId }: { requestId: string }) {
  const request = useQuery({ ...requestQuery(requestId), staleTime: Number.POSITIVE_INFINITY });
  if (request.error && !request.data) return <ErrorNotice error={request.error} />;
  return (
    <div className="grid gap-1 border-l-2 border-rule-strong pl-4 text-sm">
      <p className="flex flex-wrap gap-x-3 text-ink-2">
        Test message
        <Link to={`/r/${requestId}`} className="underline underline-offset-2 hover:text-ink">
          Open it here
        </Link>
      </p>
      <div role="status">
        <ol aria-label="Test message" className="grid gap-1">
          {request.data && testSteps(request.data).map((step) => <Line key={step.text} step={step} />)}
        </ol>
      </div>
    </div>
  );
}

function Line({ step: { state, text, at } }: { step: Step }) {
  const { Icon, colour } = LOOK[state];
  return (
    <li className={cn('flex gap-2', state === 'failed' && 'text-danger')}>
      <Icon aria-hidden className={cn('mt-0.5 size-4 shrink-0', colour)} />
      <span className="min-w-0">
        <Words text={text} />
        {at && (
          <span className="text-ink-2">
            , <Time at={at} />
          </span>
        )}
      </span>
    </li>
  );
}
