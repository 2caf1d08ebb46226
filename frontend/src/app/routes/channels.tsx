import { ErrorNotice } from '@/components/error-notice';
import { useSearchParams } from 'react-router';
import { Button } from '@/components/ui/button';
import { Notice } from '@/components/ui/notice';
import { Skeleton } from '@/components/ui/skeleton';
import { ChannelOrder } from '@/features/channels/components/channel-order';
import { oauthReturnNotice } from '@/features/channels/oauth-return';
import { useChannels, useOrder } from '@/features/channels/queries';
import { TestProgress } from '@/features/feedback/components/test-progress';

/** Where the reader is asked, in which order, and whether it works. */
export function ChannelsRoute() {
  const channels = useChannels();
  const order = useOrder();
  const [params] = useSearchParams();
  const told = channels.shown && oauthReturnNotice(params, channels.shown);
  return (
    <div className="relative h-full overflow-y-auto">
      <title>Channels · Assent</title>
      <div className="mx-auto max-w-[640px] px-4 py-6 sm:px-6 sm:py-10">
        <h1 className="mb-1 text-xl font-semibold tracking-tight">Where to reach you</h1>
        <p className="mb-6 text-ink-2">
          When an agent needs you, it asks on the first channel. If nobody answers, it tries the next one.
          Earlier messages can still be answered; the first answer counts.
        </p>
        {told && <Notice className="mb-4">{told}</Notice>}
        {order.error && (
          <div className="mb-4">
            <p className="text-sm font-medium">Your change was not kept.</p>
            <ErrorNotice error={order.error}>
              <Button size="sm" onClick={() => order.mutate(order.variables)}>
                Try again
              </Button>
            </ErrorNotice>
          </div>
        )}
        {channels.shown ? (
          <>
            <ChannelOrder
              channels={channels.shown}
              onOrder={order.mutate}
              renderTest={(id) => <TestProgress requestId={id} />}
            />
            {channels.shown.some(({ set_up }) => !set_up) && (
              <p className="mt-4 border-t border-rule pt-4 text-sm text-ink-2">
                What is not set up, whoever runs this server can set up;{' '}
                <code className="font-mono">assent doctor</code> says what is missing.
              </p>
            )}
          </>
        ) : channels.error ? (
          <ErrorNotice error={channels.error}>
            <Button size="sm" onClick={() => void channels.refetch()}>
              Try again
            </Button>
          </ErrorNotice>
        ) : (
          <Skeleton label="Loading your channels" lines={[40, 25, 60, 40, 25, 60, 40, 25]} />
        )}
      </div>
    </div>
  );
}
