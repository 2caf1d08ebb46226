import { OctagonAlert, RotateCw } from 'lucide-react';
import { Words } from '@/components/exact-text';
import { Button } from '@/components/ui/button';
import { CopyButton } from '@/components/ui/copy-button';

interface FailedRunProps {
  error: string;
  runId: string;
  /** Sends the same words again; left out when nobody can. */
  onRetry?: (() => void) | undefined;
}

/** A run that broke: why, and the two things one can do. */
export function FailedRun({ error, runId, onRetry }: FailedRunProps) {
  return (
    <section aria-label="The run failed" className="border-l-2 border-danger pl-4">
      <p className="flex items-center gap-2 font-medium text-danger">
        <OctagonAlert aria-hidden className="size-4" />
        The run failed
      </p>
      <p className="mt-1 text-ink-2">
        <Words text={error} />
      </p>
      <div className="mt-3 flex flex-wrap gap-2">
        {onRetry && (
          <Button size="sm" onClick={onRetry}>
            <RotateCw aria-hidden />
            Retry
          </Button>
        )}
        <CopyButton text={`Run ${runId}\n${error}`} label="Copy details" />
      </div>
    </section>
  );
}
