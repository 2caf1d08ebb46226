import { Words } from '@/components/exact-text';
import { Button } from '@/components/ui/button';
import type { Outgoing } from '@/live/outbox';
import { Turn } from './turn';

interface OutgoingTurnProps {
  item: Outgoing;
  onRetry: () => void;
  onDiscard: () => void;
}

const STATE: Record<Outgoing['state'], string> = {
  waiting: 'not sent yet',
  sending: 'sending',
  sent: 'sent',
  failed: 'not sent',
};

export function OutgoingTurn({ item, onRetry, onDiscard }: OutgoingTurnProps) {
  return (
    <Turn name="You" margin={STATE[item.state]}>
      <p className="whitespace-pre-wrap text-ink-2">
        <Words text={item.content} />
      </p>
      {item.state === 'waiting' && (
        <p className="mt-1 text-sm text-ink-2">It is kept and goes out when the connection is back.</p>
      )}
      {item.state === 'failed' && (
        <div role="alert" className="mt-2 text-sm text-danger">
          {item.error}
          <div className="mt-1 flex gap-2">
            <Button size="sm" onClick={onRetry}>
              Resend
            </Button>
            <Button size="sm" variant="ghost" onClick={onDiscard}>
              Discard
            </Button>
          </div>
        </div>
      )}
    </Turn>
  );
}
