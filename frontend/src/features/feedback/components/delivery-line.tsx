import { Send } from 'lucide-react';
import type { FeedbackRequest } from '@/api/types';
import { Notice } from '@/components/ui/notice';
import { reached } from '../model';

/** Where else the request lies, and where it could not be brought. */
export function DeliveryLine({ request }: { request: FeedbackRequest }) {
  const { sent, troubled } = reached(request);
  return (
    <>
      {sent && (
        <p className="flex gap-2 text-sm text-ink-2">
          <Send aria-hidden className="mt-0.5 size-4 shrink-0" />
          Also sent to {sent}. The first answer counts.
        </p>
      )}
      {troubled && <Notice>{troubled} could not be reached. Answer here.</Notice>}
    </>
  );
}
