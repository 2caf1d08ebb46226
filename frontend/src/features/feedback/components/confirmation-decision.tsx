import { Check, Pencil, X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { Button } from '@/components/ui/button';
import { Field } from '@/components/ui/field';
import { Textarea } from '@/components/ui/textarea';
import { useArmed } from '@/hooks/use-armed';
import { useCardKeys } from '@/hooks/use-card-keys';
import { useStepFocus } from '../use-step-focus';
import { allows, type DecisionProps } from './decision-props';
import { EditArguments } from './edit-arguments';
import { TypedApproval } from './typed-approval';

type Step = 'choose' | 'name' | 'reject' | 'edit';

export function ConfirmationDecision(props: DecisionProps) {
  const { request, onAnswer, busy } = props;
  const [step, setStep] = useState<Step>('choose');
  const back = () => setStep('choose');
  const high = request.action?.risk === 'high';
  const approve = useRef<HTMLButtonElement>(null);
  const [armed, arm] = useArmed();
  const root = useCardKeys<HTMLDivElement>({
    ...(!busy &&
      step === 'choose' &&
      allows(request, 'approve') && { arm: high ? () => setStep('name') : arm }),
    ...(!busy && allows(request, 'reject') && { reject: () => setStep('reject') }),
    ...(!busy && allows(request, 'edit') && request.action && { edit: () => setStep('edit') }),
  });

  useStepFocus(step, root);
  // A safety catch that falls back takes the focus off the button with it.
  useEffect(() => {
    const button = approve.current;
    if (!armed) return undefined;
    button?.focus();
    return () => {
      if (document.activeElement !== button) return;
      button
        ?.closest('section')
        ?.querySelector<HTMLElement>('[tabindex="-1"]')
        ?.focus({ preventScroll: true });
    };
  }, [armed]);

  if (step === 'reject' || step === 'edit') {
    const Open = step === 'reject' ? Reject : EditArguments;
    return (
      <div ref={root}>
        <Open {...props} onBack={back} />
      </div>
    );
  }
  if (step === 'name' && request.action) {
    return (
      <div ref={root}>
        <TypedApproval
          tool={request.action.tool}
          busy={busy}
          onApprove={() => onAnswer({ action: 'approve' })}
          onBack={back}
        />
      </div>
    );
  }
  return (
    // On a small screen these stay in reach however long the document is.
    <div ref={root} data-sticky className="flex flex-wrap gap-2">
      {allows(request, 'approve') && (
        <Button
          ref={approve}
          variant="accent"
          disabled={busy}
          data-opens="name"
          onClick={() => (high ? setStep('name') : onAnswer({ action: 'approve' }))}
        >
          <Check aria-hidden />
          {armed ? 'Confirm approve' : 'Approve'}
        </Button>
      )}
      {allows(request, 'reject') && (
        <Button disabled={busy} data-opens="reject" onClick={() => setStep('reject')}>
          <X aria-hidden />
          Reject
        </Button>
      )}
      {allows(request, 'edit') && request.action && (
        <Button disabled={busy} data-opens="edit" onClick={() => setStep('edit')}>
          <Pencil aria-hidden />
          Edit and approve
        </Button>
      )}
    </div>
  );
}

function Reject({ draft, onDraft, onAnswer, busy, errors, onBack }: DecisionProps & { onBack: () => void }) {
  const said = draft.reason.trim() !== '';
  const reject = () => onAnswer({ action: 'reject', ...(said && { feedback: draft.reason }) });
  const root = useCardKeys<HTMLDivElement>({ submit: busy ? undefined : reject });
  return (
    <div ref={root} className="grid gap-3">
      <Field label="Why not?" hint="The agent reads this. You may leave it empty." error={errors.feedback}>
        {(control) => (
          <Textarea
            {...control}
            value={draft.reason}
            onChange={(event) => onDraft({ ...draft, reason: event.target.value })}
          />
        )}
      </Field>
      <div className="flex flex-wrap gap-2">
        <Button variant="danger" disabled={busy} onClick={reject}>
          <X aria-hidden />
          Reject
        </Button>
        <Button variant="ghost" disabled={busy} onClick={onBack}>
          Back
        </Button>
      </div>
    </div>
  );
}
