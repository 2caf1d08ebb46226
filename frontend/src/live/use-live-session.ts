import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { DurableFrame } from './frames';
import { LiveSession } from './live-session';

/** The live side of one session; the component must be keyed by the session's id. */
export function useLiveSession(id: string, onAdded: (frames: DurableFrame[]) => void): LiveSession {
  const cache = useQueryClient();
  const [live] = useState(() => new LiveSession(id, cache, onAdded));
  useEffect(() => {
    live.start();
    return () => live.stop();
  }, [live]);
  return live;
}
