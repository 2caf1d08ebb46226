import { useQuery } from '@tanstack/react-query';
import type { RefObject } from 'react';
import type { FeedbackRequest } from '@/api/types';
import { ErrorNotice } from '@/components/error-notice';
import { configQuery } from '@/features/auth/queries';
import { useAnswer } from '@/features/feedback/queries';
import { Composer } from '@/features/session/components/composer';

interface SessionComposerProps {
  sessionId: string;
  field: RefObject<HTMLTextAreaElement | null>;
  /** What the reader has been asked and has not answered. */
  waiting: FeedbackRequest[];
  /** Whether it can be answered right now. */
  reachable: boolean;
  onSend: (text: string) => void;
  stop: { onStop: () => void; stopping: boolean } | undefined;
}

/** The composer of a session, which also answers where one question waits that takes a text. */
export function SessionComposer(props: SessionComposerProps) {
  const { sessionId, field, waiting, reachable, onSend, stop } = props;
  const config = useQuery(configQuery);
  const sole = reachable && waiting.length === 1 && waiting[0]?.type === 'text' ? waiting[0] : undefined;
  const answer = useAnswer(sole);
  return (
    <>
      {answer.error && sole && (
        <div className="mb-2">
          <ErrorNotice error={answer.error} />
        </div>
      )}
      <Composer
        draftKey={`session.${sessionId}`}
        field={field}
        {...(waiting.length > 0 && { hint: 'A message does not answer the request above' })}
        question={
          sole && {
            id: sole.id,
            onAnswer: (text) => answer.mutateAsync({ action: 'submit', feedback: text }),
          }
        }
        maxLength={config.data?.max_query_length ?? 4000}
        busy={answer.isPending}
        onSend={onSend}
        stop={stop}
      />
    </>
  );
}
