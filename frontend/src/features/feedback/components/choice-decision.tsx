import { Send } from 'lucide-react';
import { Button } from '@/components/ui/button';
import { useCardKeys } from '@/hooks/use-card-keys';
import { DeclineButton } from './decline-button';
import type { DecisionProps } from './decision-props';
import { OptionList } from './option-list';

export function ChoiceDecision(props: DecisionProps) {
  const { request, draft, onDraft, onAnswer, busy, errors } = props;
  const multiple = request.multiple ?? false;
  const options = request.options ?? [];
  const ready = !busy && draft.choice.length > 0;
  const send = () =>
    onAnswer({ action: 'submit', values: { choice: multiple ? draft.choice : draft.choice[0] } });

  function pick(index: number) {
    const value = options[index]?.value;
    if (value === undefined || busy) return;
    const others = draft.choice.filter((one) => one !== value);
    const added = others.length === draft.choice.length;
    onDraft({ ...draft, choice: multiple ? (added ? [...others, value] : others) : [value] });
  }

  const root = useCardKeys<HTMLDivElement>({ pick, submit: ready ? send : undefined });
  return (
    <div ref={root} className="grid gap-4">
      <OptionList
        legend={multiple ? 'Pick as many as you like' : 'Pick one'}
        error={errors.choice}
        options={options}
        multiple={multiple}
        picked={draft.choice}
        onPick={(choice) => onDraft({ ...draft, choice })}
      />
      <div className="flex flex-wrap gap-2">
        <Button variant="accent" disabled={!ready} onClick={send}>
          <Send aria-hidden />
          Send choice
        </Button>
        <DeclineButton {...props} />
      </div>
    </div>
  );
}
