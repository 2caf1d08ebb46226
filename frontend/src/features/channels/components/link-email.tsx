import { useState } from 'react';
import { ErrorNotice } from '@/components/error-notice';
import { Button } from '@/components/ui/button';
import { useLinkAddress, useSignIn } from '../queries';
import { AddressDialog } from './address-dialog';

/**
 * Makes an address the person's own: by signing in at Google where the server offers it, or by a reply from there.
 * A code that was given stays good while the dialog is closed.
 */
export function LinkEmail({ signIn }: { signIn: boolean }) {
  const start = useSignIn('google');
  const link = useLinkAddress();
  const [open, setOpen] = useState(false);
  return (
    <div className="grid justify-items-start gap-3">
      <div className="flex flex-wrap gap-2">
        {signIn && (
          <Button variant="primary" aria-busy={start.isPending} onClick={() => start.mutate()}>
            Sign in with Google
          </Button>
        )}
        <Button onClick={() => setOpen(true)}>{link.data ? 'Show the code again' : 'Link an address'}</Button>
      </div>
      {start.error && <ErrorNotice error={start.error} />}
      {open && <AddressDialog link={link} onClose={() => setOpen(false)} />}
    </div>
  );
}
