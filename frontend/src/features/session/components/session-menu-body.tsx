import { Archive, Pencil } from 'lucide-react';
import { useState } from 'react';
import type { Session } from '@/api/types';
import { ErrorNotice } from '@/components/error-notice';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { DropdownMenu, MenuItem } from '@/components/ui/dropdown-menu';
import { useAnnounce } from '@/hooks/use-announce';
import { useCloseSession } from '../queries';
import { RenameDialog } from './rename-dialog';
import { SessionMenuButton, type SessionMenuProps } from './session-menu';

export default function SessionMenuBody({ session, label, className, items }: SessionMenuProps) {
  const [dialog, setDialog] = useState<'rename' | 'close'>();
  const done = () => setDialog(undefined);
  return (
    <>
      <DropdownMenu align="end" trigger={<SessionMenuButton label={label} className={className} />}>
        {items}
        <MenuItem onSelect={() => setDialog('rename')}>
          <Pencil aria-hidden /> Rename
        </MenuItem>
        {session.status === 'active' && (
          <MenuItem onSelect={() => setDialog('close')}>
            <Archive aria-hidden /> Close session
          </MenuItem>
        )}
      </DropdownMenu>
      {dialog === 'rename' && <RenameDialog session={session} onDone={done} />}
      {dialog === 'close' && <CloseDialog session={session} onDone={done} />}
    </>
  );
}

function CloseDialog({ session, onDone }: { session: Session; onDone: () => void }) {
  const close = useCloseSession(session.id);
  const announce = useAnnounce();

  function confirm() {
    close.mutate(undefined, {
      onSuccess: () => {
        onDone();
        announce('Session closed');
      },
    });
  }

  return (
    <Dialog title="Close this session?" onClose={onDone}>
      <p className="text-ink-2">
        The running agent stops and open requests are withdrawn. You can still read the session.
      </p>
      {close.error && <ErrorNotice error={close.error} />}
      <div className="mt-6 flex justify-end gap-2">
        <Button onClick={onDone}>Keep it open</Button>
        <Button variant="primary" disabled={close.isPending} onClick={confirm}>
          Close session
        </Button>
      </div>
    </Dialog>
  );
}
