import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { keys } from '@/api/keys';
import type { AgentStatus } from '@/api/types';
import { endSignIn, signIn } from '@/api/token';
import { patchSession, putRequest } from './apply-event';
import type { FeedbackDelivery, Frame } from './frames';
import { wsTicket } from './live-session';
import { lookForNewVersion } from './new-version';
import { queueDegraded } from './queue-status';
import { setSeenReporter } from './report-seen';
import { SessionSocket } from './session-socket';
import { useStore } from '@/hooks/use-store';

const OVER = new Set<AgentStatus>(['idle', 'completed', 'error']);

/** A copy moved: whoever shows the request reads it anew, and a letter that died or came back changes the lists. */
function applyDelivery(cache: QueryClient, frame: FeedbackDelivery): void {
  void cache.invalidateQueries({ queryKey: keys.request(frame.request_id) });
  if (frame.dead_letter === undefined) return;
  void cache.invalidateQueries({ queryKey: keys.sessionLists });
  void cache.invalidateQueries({ queryKey: keys.session(frame.session_id), exact: true });
}

export function applyMine(cache: QueryClient, frame: Frame): void {
  if ('request' in frame && frame.request) {
    putRequest(cache, frame.request);
    void cache.invalidateQueries({ queryKey: keys.sessionLists });
  }
  if (frame.type === 'platform_status') queueDegraded.set(frame.queue === 'degraded');
  if (frame.type === 'connection_ready' && frame.queue) queueDegraded.set(frame.queue === 'degraded');
  if (frame.type === 'feedback_delivery') applyDelivery(cache, frame);
  if (frame.type === 'feedback_mail') {
    void cache.invalidateQueries({ queryKey: keys.mails(frame.request_id) });
  }
  if (frame.type === 'channel_status' || frame.type === 'channels_ordered') {
    void cache.invalidateQueries({ queryKey: keys.channels });
  }
  if (frame.type === 'session_changed' && frame.change === 'agent_status') {
    const over = OVER.has(frame.agent_status);
    const known = patchSession(cache, frame.session_id, {
      agent_status: frame.agent_status,
      ...(over && { active_run_id: null }),
    });
    // A list that was asked for before this happened would put the older state back: it is asked for anew.
    if (!known || cache.isFetching({ queryKey: keys.sessionLists })) {
      void cache.invalidateQueries({ queryKey: keys.sessionLists });
    }
    if (cache.isFetching({ queryKey: keys.session(frame.session_id), exact: true })) {
      void cache.invalidateQueries({ queryKey: keys.session(frame.session_id), exact: true });
    }
  } else if (frame.type === 'session_changed') {
    void cache.invalidateQueries({ queryKey: keys.sessionLists });
    void cache.invalidateQueries({ queryKey: keys.session(frame.session_id), exact: true });
  }
}

/** Keeps the lists of this tab current over all of the person's sessions; being connected is what presence means. */
export function useLiveMe(): void {
  const cache = useQueryClient();
  const signedIn = useStore(signIn) === 'in';
  useEffect(() => {
    if (!signedIn) return undefined;
    let connectedBefore = false;
    const socket = new SessionSocket({
      path: '/api/ws/me',
      ticket: wsTicket,
      onFrame: (frame) => {
        applyMine(cache, frame);
        return 'ok';
      },
      onConnection: (connection) => {
        if (connection !== 'connected') return;
        setSeenReporter((id) => socket.send({ type: 'seen', request_id: id }));
        // Nothing is replayed here: what happened while we were away is read once.
        if (connectedBefore) {
          for (const queryKey of [keys.sessionLists, keys.requests, keys.channels]) {
            void cache.invalidateQueries({ queryKey });
          }
          void lookForNewVersion(cache);
        }
        connectedBefore = true;
      },
      onSignedOut: endSignIn,
    });
    return () => {
      setSeenReporter(() => false);
      socket.close();
    };
  }, [cache, signedIn]);
}
