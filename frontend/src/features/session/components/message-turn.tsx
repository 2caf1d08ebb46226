import { memo, type ReactNode } from 'react';
import type { Message } from '@/api/types';
import { ChannelIcon } from '@/components/channel-icon';
import { Words } from '@/components/exact-text';
import { Markdown } from '@/components/markdown';
import { Time } from '@/components/ui/time';
import { origin } from '../model';
import { Turn } from './turn';

interface MessageTurnProps {
  message: Message;
  /** The reader's own id, to say "You". */
  me: string | undefined;
  /** The run whose steps are told above the message. */
  steps: string | undefined;
  renderSteps: (runId: string) => ReactNode;
}

/** A message never changes, so a growing log renders only what is new. */
export const MessageTurn = memo(function MessageTurn({ message, me, steps, renderSteps }: MessageTurnProps) {
  const margin = (
    <>
      <Time at={message.created_at} as="clock" />
      {message.type === 'user' && (
        <span className="ml-2 inline-flex items-baseline gap-1 whitespace-nowrap">
          <ChannelIcon type={message.via} className="size-3 translate-y-0.5" />
          {origin(message.via)}
        </span>
      )}
    </>
  );
  if (message.type === 'agent') {
    return (
      <Turn name={message.author?.name ?? 'Agent'} margin={margin}>
        {steps && renderSteps(steps)}
        <Markdown text={message.content} />
      </Turn>
    );
  }
  if (message.type === 'system') {
    return (
      <Turn quiet margin={margin}>
        <p className="text-sm text-ink-2">
          <Words text={message.content} />
        </p>
      </Turn>
    );
  }
  const own = !message.author || message.author.id === me;
  return (
    <Turn name={own ? 'You' : (message.author?.name ?? 'Someone')} margin={margin}>
      <p className="whitespace-pre-wrap">
        <Words text={message.content} />
      </p>
    </Turn>
  );
});
