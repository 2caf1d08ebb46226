import { Check } from 'lucide-react';
import { useState } from 'react';
import { Button } from '@/components/ui/button';
import { Field } from '@/components/ui/field';
import { Input } from '@/components/ui/input';
import { ExactText } from '@/components/exact-text';

interface TypedApprovalProps {
  tool: string;
  busy: boolean;
  onApprove: () => void;
  onBack: () => void;
}

/** High risk: naming the tool makes sure that it was read. Pressing Enter here does nothing. */
export function TypedApproval({ tool, busy, onApprove, onBack }: TypedApprovalProps) {
  const [name, setName] = useState('');
  return (
    <div className="grid gap-3">
      <Field
        label={
          <>
            Type{' '}
            <code className="font-mono font-semibold">
              <ExactText text={tool} />
            </code>{' '}
            to approve
          </>
        }
      >
        {(control) => (
          <Input
            {...control}
            value={name}
            onChange={(event) => setName(event.target.value)}
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            className="max-w-80 font-mono"
          />
        )}
      </Field>
      <div className="flex flex-wrap gap-2">
        <Button variant="accent" disabled={busy || name.trim() !== tool} onClick={onApprove}>
          <Check aria-hidden />
          Approve
        </Button>
        <Button variant="ghost" disabled={busy} onClick={onBack}>
          Back
        </Button>
      </div>
    </div>
  );
}
