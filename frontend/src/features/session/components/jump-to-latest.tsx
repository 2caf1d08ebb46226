import { ArrowDown } from 'lucide-react';
import { Button } from '@/components/ui/button';

export function JumpToLatest({ unread, onJump }: { unread: number; onJump: () => void }) {
  return (
    <Button
      size="sm"
      onClick={onJump}
      aria-label={unread > 0 ? `Jump to latest, ${unread} new` : 'Jump to latest'}
      className="absolute right-3 bottom-3 h-9 min-w-9 animate-settle rounded-full px-2.5 shadow-float sm:right-6"
    >
      <ArrowDown aria-hidden />
      {unread > 0 && `${unread} new`}
    </Button>
  );
}
