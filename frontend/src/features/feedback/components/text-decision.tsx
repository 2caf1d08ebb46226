import { Send } from 'lucide-react';
import { DeclineButton } from './decline-button';
import type { DecisionProps } from './decision-props';
import { WrittenAnswer } from './written-answer';

export function TextDecision(props: DecisionProps) {
  const send = (
    <>
      <Send aria-hidden />
      Send answer
    </>
  );
  return (
    <WrittenAnswer {...props} action="submit" label="Your answer" send={send}>
      <DeclineButton {...props} />
    </WrittenAnswer>
  );
}
