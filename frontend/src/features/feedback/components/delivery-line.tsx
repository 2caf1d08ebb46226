import type { FeedbackRequest } from '@/api/types';
import { ChannelIcon } from '@/components/channel-icon';
import { Words } from '@/components/exact-text';
import { Disclosure } from '@/components/ui/disclosure';
import { Notice } from '@/components/ui/notice';
import { channelName } from '@/lib/channels';
import { elsewhere, isLost, trail, troubled } from '../deliveries';

/** Where else the request lies and where it could not be brought; unfolded, the way of every copy. */
export function DeliveryLine({ request, className }: { request: FeedbackRequest; className?: string }) {
  const line = elsewhere(request);
  const trouble = request.status === 'pending' && !isLost(request) && troubled(request);
  return (
    <>
      {trouble && <Notice>{trouble} could not be reached. Answer here.</Notice>}
      {line && (
        <Disclosure className={className} summary={<span className="min-w-0">{line}</span>}>
          <Trail request={request} />
        </Disclosure>
      )}
    </>
  );
}

function Trail({ request }: { request: FeedbackRequest }) {
  return (
    <ol aria-label="Where it was asked" className="mt-2 ml-[7px] grid gap-2 border-l border-rule pl-4">
      {trail(request).map(({ key, channel, person, text, error }) => (
        <li key={key} className="grid grid-cols-[16px_minmax(0,1fr)] gap-x-2">
          <ChannelIcon type={channel} className="mt-0.5 size-4 text-ink-3" />
          <span>
            <span className="font-medium">{channelName(channel)}</span>
            {person && (
              <>
                {' '}
                to <Words text={person} />
              </>
            )}
            <span className="text-ink-2">: {text}</span>
            {error && (
              <span className="block text-danger">
                <Words text={error} />
              </span>
            )}
          </span>
        </li>
      ))}
    </ol>
  );
}
