import { Send } from 'lucide-react';
import { Decline } from './decline';
import type { DecisionProps } from './decision';
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
      <Decline {...props} />
    </WrittenAnswer>
  );
}
