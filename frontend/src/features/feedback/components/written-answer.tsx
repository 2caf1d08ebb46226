import type { ReactNode } from 'react';
import { Button } from '@/components/ui/button';
import { Field } from '@/components/ui/field';
import { Textarea } from '@/components/ui/textarea';
import { useCardKeys } from '@/hooks/use-card-keys';
import type { DecisionProps } from './decision-props';

interface WrittenAnswerProps extends DecisionProps {
  action: 'submit' | 'revise';
  label: string;
  hint?: string;
  /** The label says that it is needed. */
  required?: boolean;
  /** What the button says that sends it. */
  send: ReactNode;
  /** What else can be done, beside it. */
  children: ReactNode;
}

/** An answer in words of one's own: none is sent without any. */
export function WrittenAnswer(props: WrittenAnswerProps) {
  const { action, label, hint, required, draft, onDraft, onAnswer, busy, errors } = props;
  const ready = !busy && draft.text.trim() !== '';
  const send = () => onAnswer({ action, feedback: draft.text });
  const root = useCardKeys<HTMLDivElement>({ submit: ready ? send : undefined });
  return (
    <div ref={root} className="grid gap-4">
      <Field label={label} hint={hint} required={required} error={errors.feedback}>
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
          {props.send}
        </Button>
        {props.children}
      </div>
    </div>
  );
}
