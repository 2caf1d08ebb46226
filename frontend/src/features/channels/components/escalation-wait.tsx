import { useId, useState } from 'react';
import { Input } from '@/components/ui/input';
import { LONGEST_WAIT, minutesOf, secondsOf } from '../model';

interface EscalationWaitProps {
  /** The channel that is waited on. */
  name: string;
  seconds: number;
  onChange: (seconds: number) => void;
}

/** How long an answer may take before the next channel is tried. Kept when the field is left or Enter pressed. */
export function EscalationWait({ name, seconds, onChange }: EscalationWaitProps) {
  const kept = minutesOf(seconds);
  const [typed, setTyped] = useState(kept);
  const [shown, setShown] = useState(kept);
  if (shown !== kept) {
    // Changed elsewhere, or refused.
    setShown(kept);
    setTyped(kept);
  }
  const [refused, setRefused] = useState(false);
  const id = useId();

  function keep() {
    const next = secondsOf(typed);
    setRefused(next === undefined);
    if (next !== undefined && typed !== kept) onChange(next);
  }

  return (
    <div className="text-ink-2">
      <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
        If no answer in
        <Input
          type="number"
          inputMode="decimal"
          min={0}
          max={LONGEST_WAIT}
          step="any"
          aria-label={`Minutes to wait for an answer on ${name}`}
          aria-invalid={refused || undefined}
          aria-describedby={refused ? id : undefined}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          onBlur={keep}
          onKeyDown={({ key }) => key === 'Enter' && keep()}
          className="h-7 w-18 px-2 text-center text-sm"
        />
        min, try the next
      </p>
      {refused && (
        <p id={id} className="mt-1 text-danger">
          Enter minutes from 0 to {LONGEST_WAIT.toLocaleString('en')}, which is a week.
        </p>
      )}
    </div>
  );
}
