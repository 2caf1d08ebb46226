import type { ReactNode } from 'react';
import type { FeedbackRequest } from '@/api/types';
import { Button } from '@/components/ui/button';
import { Time } from '@/components/ui/time';
import type { Item } from '../model';
import { MessageTurn } from './message-turn';
import { Turn } from './turn';
import { useLatest } from './use-latest';

type FailedItem = Extract<Item, { kind: 'failed' }>;

interface ChatLogProps {
  items: Item[];
  me: string | undefined;
  renderRequest: (request: FeedbackRequest) => ReactNode;
  renderFailure: (item: FailedItem) => ReactNode;
  /** The same function each time, so that messages need not render again. */
  renderSteps: (runId: string) => ReactNode;
  /** What is not in the log yet: messages on their way and the reply being written. */
  children: ReactNode;
}

/** The record of a session, oldest first. Updates are announced elsewhere, a few words each. */
export function ChatLog({ items, children, ...entry }: ChatLogProps) {
  const { shown, list, more, showEarlier } = useLatest(items);
  return (
    <div role="log" aria-live="off" aria-label="Conversation">
      {more && (
        <p ref={more} className="py-3 text-center">
          <Button size="sm" variant="ghost" onClick={showEarlier}>
            Show earlier
          </Button>
        </p>
      )}
      <ol ref={list}>
        {shown.map((item) => (
          <Entry key={item.key} item={item} {...entry} />
        ))}
        {children}
      </ol>
    </div>
  );
}

type EntryProps = Omit<ChatLogProps, 'items' | 'children'> & { item: Item };

function Entry({ item, me, renderRequest, renderFailure, renderSteps }: EntryProps) {
  switch (item.kind) {
    case 'message':
      return <MessageTurn message={item.message} me={me} steps={item.steps} renderSteps={renderSteps} />;
    case 'request':
      return <Turn margin={<Time at={item.at} as="clock" />}>{renderRequest(item.request)}</Turn>;
    case 'failed':
      return (
        <Turn margin={<Time at={item.at} as="clock" />}>
          {item.steps && renderSteps(item.steps)}
          {renderFailure(item)}
        </Turn>
      );
    case 'line':
      return (
        <Turn quiet margin={<Time at={item.at} as="clock" />}>
          {item.steps && renderSteps(item.steps)}
          <p className="text-sm text-ink-2">{item.text}</p>
        </Turn>
      );
    case 'day':
      return (
        <li className="pt-6 pb-2 text-xs text-ink-3 first:pt-2">
          <time dateTime={item.at}>{item.text}</time>
        </li>
      );
  }
}
