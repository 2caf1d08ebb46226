import { type FormEvent, useState } from 'react';
import type { Session } from '@/api/types';
import { ErrorNotice } from '@/components/error-notice';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { Field } from '@/components/ui/field';
import { Input } from '@/components/ui/input';
import { useRename } from '../queries';

export function RenameDialog({ session, onDone }: { session: Session; onDone: () => void }) {
  const [title, setTitle] = useState(session.title);
  const rename = useRename(session.id);

  function submit(event: FormEvent) {
    event.preventDefault();
    rename.mutate(title.trim(), { onSuccess: onDone });
  }

  return (
    <Dialog title="Rename session" onClose={onDone}>
      <form onSubmit={submit} className="grid gap-4">
        <Field label="Title">
          {(control) => (
            <Input
              {...control}
              value={title}
              maxLength={200}
              onChange={(event) => setTitle(event.target.value)}
            />
          )}
        </Field>
        {rename.error && <ErrorNotice error={rename.error} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onDone}>Cancel</Button>
          <Button variant="primary" type="submit" disabled={rename.isPending || title.trim() === ''}>
            Rename
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
