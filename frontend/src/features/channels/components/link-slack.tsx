import { useEffect, useRef } from 'react';
import { ErrorNotice } from '@/components/error-notice';
import { Button } from '@/components/ui/button';
import { CopyButton } from '@/components/ui/copy-button';
import { useNow } from '@/hooks/use-now';
import { remaining } from '@/lib/time';
import { useLinkCode } from '../queries';

/** Ties a Slack account to the person by a code they send from it. The row turns to linked as soon as it arrives. */
export function LinkSlack() {
  const code = useLinkCode();
  return (
    <div className="grid justify-items-start gap-3">
      {code.data ? (
        <Code
          key={code.data.code}
          code={code.data.code}
          until={code.data.expires_at}
          onRenew={() => code.mutate()}
        />
      ) : (
        <Button size="sm" aria-busy={code.isPending} onClick={() => !code.isPending && code.mutate()}>
          Link with a code
        </Button>
      )}
      {code.error && <ErrorNotice error={code.error} />}
    </div>
  );
}

function Code({ code, until, onRenew }: { code: string; until: string; onRenew: () => void }) {
  const left = remaining(until, useNow(until));
  const words = `link ${code}`;
  const box = useRef<HTMLDivElement>(null);
  // The button that was pressed has given way to the code.
  useEffect(() => box.current?.focus(), []);
  return (
    <div
      ref={box}
      tabIndex={-1}
      role="group"
      aria-label="Link Slack with a code"
      className="grid justify-items-start gap-2 border-l-2 border-ink pl-4 text-sm outline-offset-4"
    >
      {left ? (
        <>
          <p>Send Assent these words in a direct message in Slack:</p>
          <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
            <code className="rounded-sm border border-rule-strong/60 bg-sheet px-3 py-1 font-mono text-base select-all">
              {words}
            </code>
            <CopyButton text={words} label="Copy" />
          </p>
          <p className="text-ink-2">
            It links the account that sends it, works once and ends <span aria-live="off">{left}</span>.
          </p>
        </>
      ) : (
        <>
          <p>This code has ended without being used.</p>
          <Button size="sm" onClick={onRenew}>
            Get a new code
          </Button>
        </>
      )}
    </div>
  );
}
