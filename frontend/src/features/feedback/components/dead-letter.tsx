import { MailX } from 'lucide-react';
import type { ChannelType, FeedbackRequest } from '@/api/types';
import { ChannelIcon } from '@/components/channel-icon';
import { ErrorNotice } from '@/components/error-notice';
import { Words } from '@/components/exact-text';
import { Button } from '@/components/ui/button';
import { announce } from '@/lib/announcements';
import { reasons } from '../deliveries';
import { where } from '@/lib/channels';
import { useAskAgain } from '../queries';

interface DeadLetterProps {
  request: FeedbackRequest;
  /** Where it can be asked instead. */
  places: ChannelType[];
  onAsked: () => void;
}

/** A request that no channel could bring to anybody: why, and what to do about it. It can be answered here all the same. */
export function DeadLetter({ request, places, onAsked }: DeadLetterProps) {
  const again = useAskAgain(request.id, (channel) => {
    announce(channel ? `Asked ${where(channel)}` : 'Asked again');
    onAsked();
  });

  function ask(channel: ChannelType | undefined) {
    if (!again.isPending) again.mutate(channel);
  }

  return (
    <div
      role="group"
      aria-label="Reached nobody"
      className="grid gap-2 border-l-2 border-danger bg-danger-wash py-3 pr-3 pl-4 text-sm"
    >
      <p className="flex gap-2 font-semibold text-danger">
        <MailX aria-hidden className="mt-0.5 size-4 shrink-0" />
        This reached nobody
      </p>
      <ul className="grid gap-1">
        {reasons(request).map((reason) => (
          <li key={reason}>
            <Words text={reason} />
          </li>
        ))}
      </ul>
      <p className="text-ink-2">Answer it here, or have it asked again.</p>
      <div className="flex flex-wrap gap-2" aria-busy={again.isPending}>
        <Button size="sm" onClick={() => ask(undefined)}>
          Try again
        </Button>
        {places.map((type) => (
          <Button key={type} size="sm" onClick={() => ask(type)}>
            <ChannelIcon type={type} /> Ask {where(type)}
          </Button>
        ))}
      </div>
      {again.error && <ErrorNotice error={again.error} />}
    </div>
  );
}
