import { RotateCw, Unplug } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button } from '@/components/ui/button';

interface CutOffReplyProps {
  /** What the run had done by then. */
  steps: ReactNode;
  /** Sends the same words again; left out when nobody can. */
  onResend: (() => void) | undefined;
}

/** A reply that will not come: nothing works on it any more and nothing says how it ended. */
export function InterruptedReply({ steps, onResend }: CutOffReplyProps) {
  return (
    <section aria-label="The reply was cut off" className="border-l-2 border-caution pl-4">
      {steps}
      <p className="flex items-center gap-2 font-medium text-caution">
        <Unplug aria-hidden className="size-4" />
        The reply was cut off
      </p>
      <p className="mt-1 text-ink-2">The agent no longer works on it.</p>
      {onResend && (
        <Button size="sm" onClick={onResend} className="mt-3">
          <RotateCw aria-hidden />
          Resend
        </Button>
      )}
    </section>
  );
}
