import { useEffect, useRef } from 'react';
import { Button } from '@/components/ui/button';
import { CopyButton } from '@/components/ui/copy-button';
import { useNow } from '@/hooks/use-now';
import { remaining } from '@/lib/time';

interface CodeToSendProps {
  label: string;
  /** Where the words go. */
  how: string;
  code: string;
  /** When it ends. */
  until: string;
  onRenew: () => void;
}

/** A code that links the account it is sent from, for as long as it lasts. */
export function LinkCode({ label, how, code, until, onRenew }: CodeToSendProps) {
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
      aria-label={label}
      className="grid justify-items-start gap-2 border-l-2 border-ink pl-4 text-sm outline-offset-4"
    >
      {left ? (
        <>
          <p className="wrap-anywhere">{how}</p>
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
          <p>This code has expired.</p>
          <Button size="sm" onClick={onRenew}>
            Get a new code
          </Button>
        </>
      )}
    </div>
  );
}
