import { CloudOff, RefreshCw, RotateCw } from 'lucide-react';
import { useEffect, useRef } from 'react';
import type { Connection } from '@/live/session-socket';
import { useAnnounce } from '@/hooks/use-announce';
import { useDelayed } from '@/hooks/use-delayed';
import { Banner } from './banner';
import { Button } from './ui/button';

const GRACE = 1000;

interface StripProps {
  connection: Connection;
  onRetry: () => void;
}

/** What the connection is doing, in words, only while that matters. */
export function ConnectionBanner({ connection, onRetry }: StripProps) {
  useRecovery(connection);
  return (
    <div role="status">
      {connection === 'reconnecting' && <Reconnecting key="reconnecting" />}
      {connection === 'replaying' && <Banner icon={<RefreshCw aria-hidden />}>Catching up</Banner>}
      {connection === 'resync' && (
        <Banner icon={<RefreshCw aria-hidden />}>Updated to the latest state</Banner>
      )}
      {connection === 'offline' && (
        <Banner icon={<CloudOff aria-hidden />}>
          No connection. You can read; what you write is kept and sent when it is back.
          <Button size="sm" variant="ghost" onClick={onRetry}>
            <RotateCw aria-hidden />
            Try now
          </Button>
        </Banner>
      )}
    </div>
  );
}

/** The banner says that the connection is gone, and nothing once it is back: that is told here. */
function useRecovery(connection: Connection): void {
  const announce = useAnnounce();
  const lost = useRef(false);
  useEffect(() => {
    if (connection === 'offline' && !lost.current) {
      lost.current = true;
      announce('Connection lost', 'alert');
    }
    if (connection === 'connected' && lost.current) {
      lost.current = false;
      announce('Connected again');
    }
  }, [connection, announce]);
}

function Reconnecting() {
  const shown = useDelayed(GRACE);
  return shown ? (
    <Banner icon={<RefreshCw aria-hidden />}>Reconnecting. Your answers are kept.</Banner>
  ) : null;
}
