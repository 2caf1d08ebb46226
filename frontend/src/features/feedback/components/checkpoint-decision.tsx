import { ArrowRight, OctagonX, PencilLine, SkipForward } from 'lucide-react';
import { useRef, useState } from 'react';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { Field } from '@/components/ui/field';
import { Textarea } from '@/components/ui/textarea';
import { useCardKeys } from '@/hooks/use-card-keys';
import { useStepFocus } from '../use-step-focus';
import { allows, type DecisionProps } from './decision';

type Step = 'choose' | 'revise' | 'stop';

export function CheckpointDecision(props: DecisionProps) {
  const { request, onAnswer, busy } = props;
  const [step, setStep] = useState<Step>('choose');
  const root = useRef<HTMLDivElement>(null);
  const back = () => setStep('choose');
  useStepFocus(step, root);

  if (step === 'revise') {
    return (
      <div ref={root}>
        <Revise {...props} onBack={back} />
      </div>
    );
  }
  return (
    // On a small screen these stay in reach however long the document is.
    <div ref={root} data-sticky className="flex flex-wrap gap-2">
      {allows(request, 'continue') && (
        <Button variant="accent" disabled={busy} onClick={() => onAnswer({ action: 'continue' })}>
          <ArrowRight aria-hidden />
          Continue
        </Button>
      )}
      {allows(request, 'revise') && (
        <Button disabled={busy} data-opens="revise" onClick={() => setStep('revise')}>
          <PencilLine aria-hidden />
          Revise
        </Button>
      )}
      {allows(request, 'skip') && (
        <Button disabled={busy} onClick={() => onAnswer({ action: 'skip' })}>
          <SkipForward aria-hidden />
          Skip this review
        </Button>
      )}
      {allows(request, 'stop') && (
        <Button variant="danger" disabled={busy} onClick={() => setStep('stop')}>
          <OctagonX aria-hidden />
          Stop
        </Button>
      )}
      {step === 'stop' && (
        <Dialog title="Stop this run?" onClose={back}>
          <p className="text-ink-2">The run ends here. What it has done so far stays in the session.</p>
          <div className="mt-6 flex flex-wrap justify-end gap-2">
            <Button onClick={back}>Keep it running</Button>
            <Button
              variant="danger"
              onClick={() => {
                back();
                onAnswer({ action: 'stop' });
              }}
            >
              <OctagonX aria-hidden />
              Stop the run
            </Button>
          </div>
        </Dialog>
      )}
    </div>
  );
}

function Revise({ draft, onDraft, onAnswer, busy, errors, onBack }: DecisionProps & { onBack: () => void }) {
  const instruction = draft.text.trim();
  const ready = !busy && instruction !== '';
  const send = () => onAnswer({ action: 'revise', feedback: instruction });
  const root = useCardKeys<HTMLDivElement>({ submit: ready ? send : undefined });
  return (
    <div ref={root} className="grid gap-3">
      <Field
        label="What should change?"
        hint="The agent does this part again and asks you once more."
        error={errors.feedback}
        required
      >
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
          <PencilLine aria-hidden />
          Send back for revision
        </Button>
        <Button variant="ghost" disabled={busy} onClick={onBack}>
          Back
        </Button>
      </div>
    </div>
  );
}
