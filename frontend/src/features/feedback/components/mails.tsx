import { type ComponentType, lazy, Suspense } from 'react';
import type { FeedbackRequest } from '@/api/types';
import { mayHaveLetters } from '../deliveries';

// Few requests have any; without this part the card says what was answered all the same.
const Letters = lazy(async (): Promise<{ default: ComponentType<MailsProps> }> => {
  try {
    return { default: (await import('./letters')).Letters };
  } catch {
    return { default: Nothing };
  }
});

interface MailsProps {
  request: FeedbackRequest;
}

function Nothing() {
  return null;
}

/** What came about a request by mail: what was taken as the answer, and what does not count. */
export function Mails({ request }: MailsProps) {
  if (!mayHaveLetters(request)) return null;
  return (
    <Suspense>
      <Letters request={request} />
    </Suspense>
  );
}
