import { Send } from 'lucide-react';
import { Button } from '@/components/ui/button';
import { Field } from '@/components/ui/field';
import { Textarea } from '@/components/ui/textarea';
import { useCardKeys } from '@/hooks/use-card-keys';
import { Decline } from './decline';
import type { DecisionProps } from './decision';

export function TextDecision(props: DecisionProps) {
  const { draft, onDraft, onAnswer, busy, errors } = props;
  const text = draft.text.trim();
  const ready = !busy && text !== '';
  const send = () => onAnswer({ action: 'submit', feedback: text });
  const root = useCardKeys<HTMLDivElement>({ submit: ready ? send : undefined });
  return (
    <div ref={root} className="grid gap-4">
      <Field label="Your answer" error={errors.feedback}>
        {(control) => (
          <Textarea
            {...control}
            rows={3}
            value={draft.text}
            onChange={(event) => onDraft({ ...draft, text: event.target.value })}
          />
        )}
      </Field>
      <div className="flex flex-wrap gap-2">
        <Button variant="accent" disabled={!ready} onClick={send}>
          <Send aria-hidden />
          Send answer
        </Button>
        <Decline {...props} />
      </div>
    </div>
  );
}
