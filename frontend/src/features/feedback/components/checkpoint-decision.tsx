import { ArrowRight, OctagonX, PencilLine, SkipForward } from 'lucide-react';
import { useRef, useState } from 'react';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { useStepFocus } from '../use-step-focus';
import { allows, type DecisionProps } from './decision-props';
import { WrittenAnswer } from './written-answer';

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

function Revise(props: DecisionProps & { onBack: () => void }) {
  const send = (
    <>
      <PencilLine aria-hidden />
      Send back for revision
    </>
  );
  const hint = 'The agent does this part again and asks you again.';
  return (
    <WrittenAnswer {...props} action="revise" label="What should change?" hint={hint} required send={send}>
      <Button variant="ghost" disabled={props.busy} onClick={props.onBack}>
        Back
      </Button>
    </WrittenAnswer>
  );
}
