import { useEffect, useRef } from 'react';
import { ErrorNotice } from '@/components/error-notice';
import { Button } from '@/components/ui/button';
import { CopyButton } from '@/components/ui/copy-button';
import { useNow } from '@/hooks/use-now';
import { remaining } from '@/lib/time';
import { useLinkCode, useSignIn } from '../queries';

/**
 * Ties a Slack account to the person: by signing in to Slack where the server offers it, or by a code they send from
 * there, upon which the row turns to linked by itself.
 */
export function LinkSlack({ signIn }: { signIn: boolean }) {
  const code = useLinkCode();
  const start = useSignIn();
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
        <div className="flex flex-wrap gap-2">
          {signIn && (
            <Button variant="primary" aria-busy={start.isPending} onClick={() => start.mutate()}>
              Connect Slack
            </Button>
          )}
          <Button aria-busy={code.isPending} onClick={() => !code.isPending && code.mutate()}>
            Link with a code
          </Button>
        </div>
      )}
      {start.error && <ErrorNotice error={start.error} />}
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
