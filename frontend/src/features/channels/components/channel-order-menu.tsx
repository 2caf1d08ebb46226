import { ArrowDown, ArrowUp, Ellipsis, Send, Unlink } from 'lucide-react';
import { useState } from 'react';
import type { Channel } from '@/api/types';
import { Button } from '@/components/ui/button';
import { DropdownMenu, MenuItem } from '@/components/ui/dropdown-menu';
import { channelName } from '@/lib/channels';
import { isReachable } from '../model';
import { UnlinkDialog } from './unlink-dialog';

interface ChannelOrderMenuProps {
  channel: Channel;
  first: boolean;
  last: boolean;
  onShift: (by: number) => void;
  onTest: () => void;
}

/** What can be done with a channel; moving it is here for those who do not drag. */
export function ChannelOrderMenu({ channel, first, last, onShift, onTest }: ChannelOrderMenuProps) {
  const [unlinking, setUnlinking] = useState(false);
  return (
    <>
      <DropdownMenu
        align="end"
        trigger={
          <Button variant="ghost" size="icon" aria-label={`Menu of ${channelName(channel.type)}`}>
            <Ellipsis aria-hidden />
          </Button>
        }
      >
        {!first && (
          <MenuItem onSelect={() => onShift(-1)}>
            <ArrowUp aria-hidden /> Move up
          </MenuItem>
        )}
        {!last && (
          <MenuItem onSelect={() => onShift(1)}>
            <ArrowDown aria-hidden /> Move down
          </MenuItem>
        )}
        {isReachable(channel) && (
          <MenuItem onSelect={onTest}>
            <Send aria-hidden /> Send a test
          </MenuItem>
        )}
        {channel.type !== 'chat' && channel.linked && (
          <MenuItem onSelect={() => setUnlinking(true)}>
            <Unlink aria-hidden /> Unlink
          </MenuItem>
        )}
      </DropdownMenu>
      {unlinking && <UnlinkDialog channel={channel} onDone={() => setUnlinking(false)} />}
    </>
  );
}
