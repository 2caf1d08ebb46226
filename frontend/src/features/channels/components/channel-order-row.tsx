import { useSortable } from '@dnd-kit/sortable';
import { GripVertical } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Channel } from '@/api/types';
import { ChannelIcon } from '@/components/channel-icon';
import { ErrorNotice } from '@/components/error-notice';
import { Words } from '@/components/exact-text';
import { Switch } from '@/components/ui/switch';
import { channelName } from '@/lib/channels';
import { cn } from '@/lib/cn';
import { isLinkable, isReachable, type Standing, standing, type Wish } from '../model';
import { useTest } from '../queries';
import { InstallSlack } from './install-slack';
import { LinkEmail } from './link-email';
import { LinkSlack } from './link-slack';
import { Mailboxes } from './mailboxes';
import { ChannelOrderMenu } from './channel-order-menu';
import { EscalationWait } from './escalation-wait';

export interface ChannelOrderRowProps {
  channel: Channel;
  place: { index: number; count: number };
  onChange: (change: Partial<Wish>) => void;
  /** One up is -1, one down 1. */
  onShift: (by: number) => void;
  /** How far the test message has come. */
  renderTest: (requestId: string) => ReactNode;
}

const COLOUR: Record<Standing['tone'], string> = {
  good: 'text-good',
  bad: 'text-danger',
  neutral: 'text-ink-3',
};

/** One channel of the order: who is reached there, how it is doing, and how long to wait before the next. */
export function ChannelOrderRow({ channel, place, onChange, onShift, renderTest }: ChannelOrderRowProps) {
  const { type } = channel;
  const name = channelName(type);
  const { setNodeRef, setActivatorNodeRef, attributes, listeners, transform, transition, isDragging } =
    useSortable({ id: type });
  const test = useTest(type);
  const told = standing(channel);
  const inUse = isReachable(channel) && channel.enabled;
  const last = place.index === place.count - 1;
  return (
    <li
      ref={setNodeRef}
      data-channel={type}
      style={{ transform: transform ? `translateY(${transform.y}px)` : undefined, transition }}
      className={cn(
        'relative grid grid-cols-[28px_minmax(0,1fr)] gap-x-3 bg-paper pb-4 sm:gap-x-4',
        isDragging && 'z-10 rounded-md shadow-float',
      )}
    >
      {!last && <span aria-hidden className="absolute top-9 bottom-0 left-[13.5px] w-px bg-rule-strong/60" />}
      <span
        aria-hidden
        className={cn(
          'mt-1 grid size-7 place-items-center rounded-full border text-sm font-semibold pointer-coarse:mt-2',
          inUse ? 'border-ink' : 'border-dashed border-rule-strong text-ink-3',
        )}
      >
        {place.index + 1}
      </span>
      <div className="min-w-0">
        <div className="flex items-start gap-1">
          <h2 className="mr-auto flex min-h-9 min-w-0 flex-wrap items-center gap-x-2 font-semibold pointer-coarse:min-h-11">
            <ChannelIcon type={type} className="size-4 text-ink-2" />
            {name}
            {channel.account && (
              <span className="min-w-0 font-normal wrap-anywhere text-ink-2">
                <Words text={channel.account} />
              </span>
            )}
          </h2>
          <button
            type="button"
            ref={setActivatorNodeRef}
            {...attributes}
            {...listeners}
            aria-label={`Reorder ${name}, position ${place.index + 1} of ${place.count}`}
            className="grid size-9 shrink-0 cursor-grab touch-none place-items-center rounded-md text-ink-3 hover:bg-wash hover:text-ink active:cursor-grabbing pointer-coarse:size-11"
          >
            <GripVertical aria-hidden className="size-4" />
          </button>
          <ChannelOrderMenu
            channel={channel}
            first={place.index === 0}
            last={last}
            onShift={onShift}
            onTest={() => test.mutate()}
          />
        </div>
        <p className={cn('text-sm wrap-anywhere', COLOUR[told.tone])}>
          <Words text={told.text} />
        </p>
        <div className="mt-3 grid gap-3 text-sm empty:hidden">
          {type !== 'chat' && isReachable(channel) && (
            <Switch
              label={`Use ${name}`}
              checked={channel.enabled}
              onChange={(enabled) => onChange({ enabled })}
            />
          )}
          {type === 'slack' && isLinkable(channel) && <LinkSlack signIn={channel.sign_in} />}
          {type === 'email' && isLinkable(channel) && <LinkEmail signIn={channel.sign_in} />}
          {channel.mailboxes && <Mailboxes mailboxes={channel.mailboxes} />}
          {channel.install && <InstallSlack workspaces={channel.install.workspaces} />}
          {test.error && <ErrorNotice error={test.error} />}
          {test.data && renderTest(test.data.id)}
          {!last && inUse && (
            <EscalationWait
              name={name}
              seconds={channel.wait_seconds}
              onChange={(wait_seconds) => onChange({ wait_seconds })}
            />
          )}
        </div>
      </div>
    </li>
  );
}
