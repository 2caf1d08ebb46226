import { type FormEvent, useState } from 'react';
import { Problem } from '@/api/problem';
import { ErrorNotice } from '@/components/error-notice';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { Field } from '@/components/ui/field';
import { Input } from '@/components/ui/input';
import type { useLinkAddress } from '../queries';
import { LinkCode } from './link-code';

interface AddressDialogProps {
  link: ReturnType<typeof useLinkAddress>;
  onClose: () => void;
}

/** An address, then the line its owner sends back; the channel's row takes its place as soon as that line has come. */
export function AddressDialog({ link, onClose }: AddressDialogProps) {
  const [address, setAddress] = useState(link.variables ?? '');
  const wrong = link.error instanceof Problem ? link.error.fields[0]?.message : undefined;

  function send(event: FormEvent) {
    event.preventDefault();
    if (!link.isPending) link.mutate(address.trim());
  }

  return (
    <Dialog title="Link an email address" onClose={onClose}>
      {link.data ? (
        <Sent link={link} onClose={onClose} />
      ) : (
        <form onSubmit={send} className="grid gap-4">
          <p className="text-ink-2">
            Questions go to this address, and only replies from it count. A mail goes there now; a reply to it
            proves that the address is yours.
          </p>
          <Field label="Your address" error={wrong}>
            {(control) => (
              <Input
                {...control}
                type="email"
                autoComplete="email"
                required
                value={address}
                onChange={(event) => setAddress(event.target.value)}
              />
            )}
          </Field>
          {link.error && !wrong && <ErrorNotice error={link.error} />}
          <div className="flex flex-wrap justify-end gap-2">
            <Button onClick={onClose}>Cancel</Button>
            <Button type="submit" variant="primary" aria-busy={link.isPending}>
              Send the mail
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  );
}

function Sent({ link, onClose }: AddressDialogProps) {
  const { code = '', expires_at = '' } = link.data ?? {};
  return (
    <div className="grid gap-4">
      <LinkCode
        key={code}
        label="Link an address with a code"
        how={`Reply to the mail that has gone to ${link.variables}, with this as the first line:`}
        code={code}
        until={expires_at}
        onRenew={link.reset}
      />
      <p role="status" className="text-sm text-ink-2">
        This closes automatically when your reply arrives. If no mail comes, check your spam folder.
      </p>
      <div className="flex flex-wrap justify-end gap-2">
        <Button variant="ghost" onClick={link.reset}>
          Use another address
        </Button>
        <Button onClick={onClose}>Close</Button>
      </div>
    </div>
  );
}
