import type { FeedbackRequest } from '@/api/types';
import { isReachable } from '@/features/channels/model';
import { useChannels } from '@/features/channels/queries';
import { DeadLetter } from '@/features/feedback/components/dead-letter';

interface LostRequestProps {
  request: FeedbackRequest;
  onAsked: () => void;
}

/** A request that reached nobody, with the reader's own channels to try instead. */
export function UndeliveredRequest({ request, onAsked }: LostRequestProps) {
  const channels = useChannels();
  const places = channels.shown?.filter(isReachable).map(({ type }) => type) ?? [];
  return <DeadLetter request={request} places={places} onAsked={onAsked} />;
}
