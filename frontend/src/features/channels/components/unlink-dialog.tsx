import type { Channel } from '@/api/types';
import { ErrorNotice } from '@/components/error-notice';
import { Words } from '@/components/exact-text';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { announce } from '@/lib/announcements';
import { channelName } from '@/lib/channels';
import { nameWithAccount } from '../model';
import { useUnlink } from '../queries';

export function UnlinkDialog({ channel, onDone }: { channel: Channel; onDone: () => void }) {
  const name = channelName(channel.type);
  const unlink = useUnlink(channel.type, () => {
    onDone();
    announce(`${name} unlinked`);
  });

  return (
    <Dialog title={`Unlink ${name}?`} onClose={onDone}>
      <p className="text-ink-2">
        Nothing more is sent to <Words text={nameWithAccount(channel)} />, and answers from there no longer
        count. What waits for you stays open here. You can link it again at any time.
      </p>
      {unlink.error && <ErrorNotice error={unlink.error} />}
      <div className="mt-6 flex justify-end gap-2">
        <Button onClick={onDone}>Keep it linked</Button>
        <Button variant="danger" disabled={unlink.isPending} onClick={() => unlink.mutate()}>
          Unlink
        </Button>
      </div>
    </Dialog>
  );
}
