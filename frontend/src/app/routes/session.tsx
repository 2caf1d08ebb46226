import { useQuery } from '@tanstack/react-query';
import { type RefObject, useMemo, useRef, useState } from 'react';
import { useNavigate, useParams } from 'react-router';
import { isStatus } from '@/api/problem';
import type { Session } from '@/api/types';
import { announce } from '@/lib/announcements';
import { ConnectionBanner } from '@/components/connection-banner';
import { ErrorNotice } from '@/components/error-notice';
import { Button } from '@/components/ui/button';
import { Skeleton } from '@/components/ui/skeleton';
import { meQuery } from '@/features/auth/queries';
import { ChannelItems, SessionChannel } from '@/features/channels/components/session-channel';
import { useMoveSession } from '@/features/channels/queries';
import { RequestCard } from '@/features/feedback/components/request-card';
import { InterruptedReply } from '@/features/run/components/interrupted-reply';
import { FailedRun } from '@/features/run/components/failed-run';
import { RunSteps } from '@/features/run/components/run-steps';
import { useStop } from '@/features/run/queries';
import { ChatLog } from '@/features/session/components/chat-log';
import { JumpToLatest } from '@/features/session/components/jump-to-latest';
import { OutgoingTurn } from '@/features/session/components/outgoing-turn';
import { PendingBand } from '@/features/session/components/pending-band';
import { SessionHeader } from '@/features/session/components/session-header';
import { StreamingTurn } from '@/features/session/components/streaming-turn';
import { Turn } from '@/features/session/components/turn';
import {
  announcement,
  buildTimeline,
  CUT_OFF,
  countTurns,
  forPerson,
  type Item,
  namesOf,
  statusOf,
} from '@/features/session/model';
import { sessionQuery, useSessionLog } from '@/features/session/queries';
import { useOnline } from '@/hooks/use-online';
import { useShortcuts } from '@/hooks/use-shortcuts';
import { useStickToBottom } from '@/hooks/use-stick-to-bottom';
import { useStore } from '@/hooks/use-store';
import { goToCard, nextCard } from '@/lib/card-keys';
import type { DurableFrame } from '@/live/frames';
import { useLiveSession } from '@/live/use-live-session';
import { blockedReason } from '../blocked-reason';
import { UndeliveredRequest } from '../undelivered-request';
import { SessionComposer } from '../session-composer';
import { NotFound } from './not-found';

export function SessionRoute() {
  const { id = '' } = useParams();
  const session = useQuery(sessionQuery(id));
  if (session.data) return <OpenSession key={id} session={session.data} />;
  if (isStatus(session.error, 404)) return <NotFound />;
  if (session.error) {
    return (
      <div className="p-6">
        <ErrorNotice error={session.error}>
          <Button size="sm" onClick={() => void session.refetch()}>
            Try again
          </Button>
        </ErrorNotice>
      </div>
    );
  }
  return <LoadingLog />;
}

function LoadingLog() {
  return (
    <Skeleton
      label="Loading the session"
      className="mx-auto max-w-[824px] p-8"
      lines={[30, 80, 60, 90, 40]}
    />
  );
}

function announceNews(frames: DurableFrame[]): void {
  const text = announcement(frames);
  if (text) announce(text);
}

function renderSteps(runId: string) {
  return <RunSteps runId={runId} />;
}

/** Earlier turns that are put above are no news. */
function useTurnsSinceOpened(items: Item[]): number {
  const [opened, setOpened] = useState<string>();
  const first = items.find(({ kind }) => kind !== 'day')?.key;
  if (opened === undefined && first !== undefined) setOpened(first);
  return countTurns(
    items.slice(
      Math.max(
        0,
        items.findIndex(({ key }) => key === opened),
      ),
    ),
  );
}

function OpenSession({ session }: { session: Session }) {
  const live = useLiveSession(session.id, announceNews);
  const log = useSessionLog(session.id);
  const me = useQuery(meQuery);
  const stop = useStop(session.id);
  const connection = useStore(live.connection);
  const server = useStore(live.reachable);
  const online = useOnline();
  const outgoing = useStore(live.outbox.items);
  const timeline = useMemo(() => buildTimeline(log?.frames ?? []), [log]);
  const { items, pending, lastWords } = timeline;
  const cutOff = useStore(live.cutOff);
  const runId = cutOff ? undefined : timeline.runId;
  const { pane, content, atBottom, unread, toBottom } = useStickToBottom(useTurnsSinceOpened(items));
  const composer = useRef<HTMLTextAreaElement>(null);
  const closed = session.status === 'closed';
  const mine = forPerson(pending, me.data?.id);
  const told = statusOf(session, mine.length, runId !== undefined, namesOf(pending));
  const status = cutOff && !closed ? CUT_OFF : told;
  const untold = runId !== undefined && !items.some((item) => 'steps' in item && item.steps === runId);
  useSessionKeys(composer);
  const move = useMoveSession(session);
  const asking = { chosen: move.chosen, onChoose: move.mutate };

  function send(text: string) {
    live.outbox.submit(text);
    toBottom();
  }

  return (
    <div className="flex h-full flex-col">
      <title>{`${mine.length > 0 ? `(${mine.length}) ` : ''}${session.title || 'Session'} · Assent`}</title>
      <SessionHeader
        session={session}
        status={status}
        {...(!closed && { channel: <SessionChannel {...asking} />, menuItems: <ChannelItems {...asking} /> })}
      />
      {move.error && (
        <div className="border-b border-rule px-4 py-2">
          <ErrorNotice error={move.error} />
        </div>
      )}
      <ConnectionBanner connection={connection} onRetry={() => live.reconnect()} />
      <div className="relative min-h-0 flex-1">
        {/* Scrollable by keyboard when nothing inside can take the focus. */}
        {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
        <div
          ref={pane}
          data-slot="scroll-pane"
          tabIndex={0}
          role="group"
          aria-label="Record of the session"
          className="relative h-full overflow-y-auto -outline-offset-2"
        >
          <div ref={content} className="mx-auto max-w-[824px] px-4 pt-2 pb-8 sm:px-6">
            {log ? (
              <ChatLog
                items={items}
                me={me.data?.id}
                renderRequest={(request) => (
                  <RequestCard
                    request={request}
                    heading="h2"
                    blocked={blockedReason(request, me.data?.id, { online, server })}
                    Lost={UndeliveredRequest}
                  />
                )}
                renderSteps={renderSteps}
                renderFailure={({ error, runId: failed, retry }) => (
                  <FailedRun
                    error={error}
                    runId={failed}
                    onRetry={retry && !closed ? () => send(retry) : undefined}
                  />
                )}
              >
                {outgoing.map((item) => (
                  <OutgoingTurn
                    key={item.clientId}
                    item={item}
                    onRetry={() => live.outbox.retry(item.clientId)}
                    onDiscard={() => live.outbox.discard(item.clientId)}
                  />
                ))}
                {cutOff && (
                  <Turn>
                    <InterruptedReply
                      steps={timeline.runId && renderSteps(timeline.runId)}
                      onResend={closed ? undefined : () => send(lastWords)}
                    />
                  </Turn>
                )}
                <StreamingTurn
                  streaming={live.streaming}
                  thinking={untold && pending.length === 0}
                  steps={untold && renderSteps(runId)}
                />
              </ChatLog>
            ) : (
              <LoadingLog />
            )}
          </div>
        </div>
        {!atBottom && <JumpToLatest unread={unread} onJump={toBottom} />}
      </div>
      <PendingBand pending={mine} />
      <div className="mx-auto w-full max-w-[824px] px-2 pb-[max(8px,env(safe-area-inset-bottom))] sm:px-6 sm:pb-4">
        {stop.error && (
          <div className="mb-2">
            <ErrorNotice error={stop.error} />
          </div>
        )}
        {closed ? (
          <p className="border-t border-rule py-4 text-sm text-ink-2">
            This session is closed. You can read it but not continue it.
          </p>
        ) : (
          <SessionComposer
            sessionId={session.id}
            field={composer}
            waiting={mine}
            reachable={online && server}
            onSend={send}
            stop={runId ? { onStop: () => stop.mutate(), stopping: stop.isPending } : undefined}
          />
        )}
      </div>
    </div>
  );
}

/** Keys of an open session. */
function useSessionKeys(composer: RefObject<HTMLTextAreaElement | null>): void {
  const navigate = useNavigate();
  useShortcuts({
    c: () => composer.current?.focus(),
    'g r': () => goToCard(nextCard(1)),
    ']': () => goToCard(nextCard(1)),
    '[': () => goToCard(nextCard(-1)),
    Escape: () => void navigate('/sessions'),
  });
}
