import { Send } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { Button } from '@/components/ui/button';
import { useCardKeys } from '@/hooks/use-card-keys';
import { type Errors, formErrors, formValues, initialValue, isSuggested, typed } from '../model';
import { DeclineButton } from './decline-button';
import type { DecisionProps } from './decision-props';
import { TypedField } from './typed-field';

export function FormDecision(props: DecisionProps) {
  const { request, draft, onDraft, onAnswer, busy, errors } = props;
  const [own, setOwn] = useState<Errors>({});
  const form = useCardKeys<HTMLFormElement>({
    submit: busy ? undefined : () => form.current?.requestSubmit(),
  });
  const fields = request.fields ?? [];

  function submit(event: FormEvent) {
    event.preventDefault();
    const found = formErrors(fields, draft.values);
    setOwn(found);
    const first = fields.find((field) => typed(found, field.name));
    if (first) form.current?.querySelector<HTMLElement>(`[name="${CSS.escape(first.name)}"]`)?.focus();
    else onAnswer({ action: 'submit', values: formValues(fields, draft.values) });
  }

  return (
    <form ref={form} noValidate onSubmit={submit} className="grid gap-4">
      {fields.map((field) => (
        <TypedField
          key={field.name}
          field={field}
          value={typed(draft.values, field.name) ?? initialValue(field)}
          suggested={!Object.hasOwn(draft.values, field.name) && isSuggested(field)}
          error={typed(own, field.name) ?? typed(errors, field.name)}
          onChange={(value) => {
            onDraft({ ...draft, values: { ...draft.values, [field.name]: value } });
            setOwn(({ [field.name]: _fixed, ...rest }) => rest);
          }}
        />
      ))}
      <div className="flex flex-wrap gap-2">
        <Button variant="accent" type="submit" disabled={busy}>
          <Send aria-hidden />
          Send form
        </Button>
        <DeclineButton {...props} />
      </div>
    </form>
  );
}
