import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { isStatus } from '@/api/problem';
import type { FeedbackRequest } from '@/api/types';
import { useDraft } from '@/hooks/use-draft';
import { useOnScreen } from '@/hooks/use-on-screen';
import { reportSeen } from '@/live/report-seen';
import { type Answer, draftText, emptyDraft } from '../model';
import { unseenCopies } from '../deliveries';
import { requestQuery, useAnswer } from '../queries';
import { PendingCard, type Lost } from './pending-card';
import { SettledCard } from './settled-card';

interface RequestCardProps {
  request: FeedbackRequest;
  /** A session's log shows it under its own heading; alone on a page it is the page's. */
  heading: 'h1' | 'h2';
  /** Why deciding is impossible right now. */
  blocked?: string | undefined;
  Lost?: Lost;
}

/** One request as a document: open until somebody signs, then folded into the signature. */
export function RequestCard({ request: initial, heading, blocked, Lost }: RequestCardProps) {
  const { data: request } = useQuery({
    ...requestQuery(initial.id),
    initialData: initial,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const [draft, saveDraft, clearDraft] = useDraft(`request.${request.id}`, emptyDraft);
  const [seenVersion] = useState(request.version);
  const answer = useAnswer(request);
  const title = useRef<HTMLHeadingElement>(null);
  useOnScreen(title, unseenCopies(request), () => reportSeen(request.id));
  const decidedHere = answer.isSuccess;
  const tooLate = isStatus(answer.error, 409) && answer.error.code === 'already_decided';

  // After one's own decision the reader stays with the document, not with the next one's Approve.
  const settledByOwnClick = request.status !== 'pending' && (decidedHere || tooLate);
  useEffect(() => {
    if (settledByOwnClick) title.current?.focus();
  }, [settledByOwnClick]);
  useEffect(() => {
    if (decidedHere) clearDraft();
  }, [decidedHere, clearDraft]);

  function decide(next: Answer) {
    if (!answer.isPending) answer.mutate(next);
  }

  if (request.status !== 'pending') {
    return (
      <SettledCard
        request={request}
        heading={heading}
        titleRef={title}
        tooLate={tooLate}
        unsent={decidedHere ? '' : draftText(draft)}
        onDiscard={clearDraft}
      />
    );
  }
  return (
    <PendingCard
      request={request}
      heading={heading}
      titleRef={title}
      draft={draft}
      onDraft={saveDraft}
      onAnswer={decide}
      busy={answer.isPending}
      error={answer.error}
      onRetry={answer.variables && (() => decide(answer.variables))}
      updated={request.version > seenVersion}
      blocked={blocked}
      Lost={Lost}
    />
  );
}
