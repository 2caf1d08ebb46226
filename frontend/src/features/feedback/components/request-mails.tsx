import { type ComponentType, lazy, Suspense } from 'react';
import type { FeedbackRequest } from '@/api/types';
import { mayHaveMails } from '../deliveries';

// Few requests have any; without this part the card says what was answered all the same.
const MailList = lazy(async (): Promise<{ default: ComponentType<RequestMailsProps> }> => {
  try {
    return { default: (await import('./mail-list')).MailList };
  } catch {
    return { default: Nothing };
  }
});

interface RequestMailsProps {
  request: FeedbackRequest;
}

function Nothing() {
  return null;
}

/** What came about a request by mail: what was taken as the answer, and what does not count. */
export function RequestMails({ request }: RequestMailsProps) {
  if (!mayHaveMails(request)) return null;
  return (
    <Suspense>
      <MailList request={request} />
    </Suspense>
  );
}
