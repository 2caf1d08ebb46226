import { Button } from '@/components/ui/button';
import { allows, type DecisionProps } from './decision-props';

export function DeclineButton({ request, onAnswer, busy }: DecisionProps) {
  if (!allows(request, 'decline')) return null;
  return (
    <Button variant="ghost" disabled={busy} onClick={() => onAnswer({ action: 'decline' })}>
      Decline to answer
    </Button>
  );
}
