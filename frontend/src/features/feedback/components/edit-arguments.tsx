import { Check, RotateCcw } from 'lucide-react';
import { useRef, useState } from 'react';
import { ExactText } from '@/components/exact-text';
import { Button } from '@/components/ui/button';
import { Notice } from '@/components/ui/notice';
import { useCardKeys } from '@/hooks/use-card-keys';
import { edited, editFields, editText } from '../edited-arguments';
import { typed } from '../model';
import { useStepFocus } from '../use-step-focus';
import { ArgumentChanges } from './argument-changes';
import type { DecisionProps } from './decision-props';
import { TypedApproval } from './typed-approval';
import { TypedField } from './typed-field';

/** The proposed arguments as a form. Only what was changed is sent; the rest stays as it was proposed, to the byte. */
export function EditArguments(props: DecisionProps & { onBack: () => void }) {
  const { request, draft, onDraft, onAnswer, busy, errors, onBack } = props;
  const [naming, setNaming] = useState(false);
  const bottom = useRef<HTMLDivElement>(null);
  useStepFocus(naming ? 'name' : 'edit', bottom);
  const button = useRef<HTMLButtonElement>(null);
  const root = useCardKeys<HTMLDivElement>({ submit: () => button.current?.click() });
  const action = request.action;
  if (!action) return null;
  const fields = editFields(action.args, action.schema);
  const texts = draft.args ?? {};
  const result = edited(fields, texts);
  const ready = result.changed.length > 0 && Object.keys(result.errors).length === 0;
  const send = () => onAnswer({ action: 'edit', values: result.edits });

  function write(name: string, text: string) {
    onDraft({ ...draft, args: { ...texts, [name]: text } });
  }

  return (
    <div ref={root} className="grid gap-4">
      {fields.map((field) => (
        <TypedField
          key={field.name}
          field={field.type === 'json' ? { ...field, type: 'long_text' } : { ...field, type: field.type }}
          label={
            <>
              <code className="font-mono">
                <ExactText text={field.name} />
              </code>
              {result.changed.includes(field.name) && (
                <span className="font-normal text-ink-2"> — changed</span>
              )}
            </>
          }
          value={
            field.type === 'boolean'
              ? (typed(texts, field.name) ?? editText(field)) === 'true'
              : (typed(texts, field.name) ?? editText(field))
          }
          monospace
          error={typed(result.errors, field.name) ?? typed(errors, field.name)}
          onChange={(value) => write(field.name, String(value))}
        />
      ))}
      {errors[''] && <Notice tone="problem">{errors['']}</Notice>}
      {ready && <ArgumentChanges before={action.args} after={result.edits} names={result.changed} />}
      <div ref={bottom}>
        {naming ? (
          <TypedApproval tool={action.tool} busy={busy} onApprove={send} onBack={() => setNaming(false)} />
        ) : (
          <div className="flex flex-wrap gap-2">
            <Button
              ref={button}
              variant="accent"
              disabled={busy || !ready}
              data-opens="name"
              onClick={() => (action.risk === 'high' ? setNaming(true) : send())}
            >
              <Check aria-hidden />
              Approve with changes
            </Button>
            <Button
              disabled={busy || result.changed.length === 0}
              onClick={() => {
                const { args: _args, ...rest } = draft;
                onDraft(rest);
              }}
            >
              <RotateCcw aria-hidden />
              Reset
            </Button>
            <Button variant="ghost" disabled={busy} onClick={onBack}>
              Back
            </Button>
          </div>
        )}
      </div>
    </div>
  );
}
