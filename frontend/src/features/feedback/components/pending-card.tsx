import { MailX } from 'lucide-react';
import { type ComponentType, type RefObject, useEffect, useId, useRef } from 'react';
import { Problem } from '@/api/problem';
import type { FeedbackRequest, FeedbackType } from '@/api/types';
import { Words } from '@/components/exact-text';
import { ErrorNotice } from '@/components/error-notice';
import { Button } from '@/components/ui/button';
import { Notice } from '@/components/ui/notice';
import { Spinner } from '@/components/ui/spinner';
import { Time } from '@/components/ui/time';
import { type Answer, type Draft, type Errors, neededLabel } from '../model';
import { RequesterLine } from './requester-line';
import { CheckpointDecision } from './checkpoint-decision';
import { ChoiceDecision } from './choice-decision';
import { ConfirmationDecision } from './confirmation-decision';
import { Deadline } from './deadline';
import type { DecisionProps } from './decision-props';
import { isLost } from '../deliveries';
import { DeliveryLine } from './delivery-line';
import { FormDecision } from './form-decision';
import { RequestTypeIcon } from './request-type-icon';
import { RequestMails } from './request-mails';
import { RequestDocument } from './request-document';
import { RiskBadge } from './risk-badge';
import { TextDecision } from './text-decision';

const DECISIONS: Record<FeedbackType, ComponentType<DecisionProps>> = {
  confirmation: ConfirmationDecision,
  choice: ChoiceDecision,
  text: TextDecision,
  form: FormDecision,
  checkpoint: CheckpointDecision,
};

/** What to offer where a request reached nobody; `onAsked` once it is on its way again. */
export type Lost = ComponentType<{ request: FeedbackRequest; onAsked: () => void }>;

interface PendingCardProps {
  request: FeedbackRequest;
  heading: 'h1' | 'h2';
  titleRef: RefObject<HTMLHeadingElement | null>;
  draft: Draft;
  onDraft: (draft: Draft) => void;
  onAnswer: (answer: Answer) => void;
  busy: boolean;
  error: unknown;
  onRetry: (() => void) | undefined;
  updated: boolean;
  blocked: string | undefined;
  Lost: Lost | undefined;
}

/** The server names nested fields by path; a form knows its own by name. */
function byField(error: unknown): Errors {
  if (!(error instanceof Problem)) return {};
  return Object.fromEntries(
    error.fields.map(({ field, message }) => [field.split('.').at(-1) ?? '', message]),
  );
}

/** Saying the same again may help; a refusal stays one. */
function canRetry(error: unknown): boolean {
  return !(error instanceof Problem) || error.status >= 500 || error.status === 429;
}

export function PendingCard(props: PendingCardProps) {
  const { request, heading: Heading, titleRef, busy, error, onRetry, updated, blocked, Lost } = props;
  const id = useId();
  const Decision = DECISIONS[request.type];
  const errors = byField(error);
  const conflict = error instanceof Problem && error.code === 'version_conflict';
  const failed = error !== null && !conflict && Object.keys(errors).length === 0;
  const notice = useRef<HTMLDivElement>(null);

  // The button that was pressed is gone or was disabled meanwhile: focus goes to what is next, never to Approve.
  useEffect(() => {
    const active = document.activeElement;
    const pressed =
      active?.tagName === 'BUTTON' && (titleRef.current?.closest('section')?.contains(active) ?? false);
    if (active !== document.body && !pressed) return;
    if (conflict) titleRef.current?.focus();
    else if (failed) notice.current?.querySelector('button')?.focus();
  }, [conflict, failed, titleRef]);
  return (
    <section
      id={`request-${request.id}`}
      aria-labelledby={id}
      aria-busy={busy}
      data-slot="request-card"
      data-state="pending"
      className="animate-settle rounded-sm border border-t-2 border-rule border-t-accent bg-sheet"
    >
      <div className="grid gap-5 p-5 sm:px-8 sm:py-6">
        <header>
          <p className="mb-3 flex flex-wrap items-center gap-x-4 gap-y-1 text-sm">
            <span className="inline-flex items-center gap-2 font-medium text-accent">
              <RequestTypeIcon type={request.type} />
              {neededLabel[request.type]}
            </span>
            <RiskBadge request={request} />
            {isLost(request) && (
              <span className="inline-flex items-center gap-1 font-medium text-danger">
                <MailX aria-hidden className="size-4" />
                Not delivered
              </span>
            )}
          </p>
          <Heading id={id} ref={titleRef} tabIndex={-1} className="text-lg font-semibold wrap-anywhere">
            <Words text={request.title} />
          </Heading>
          <p className="mt-1 text-sm text-ink-2">
            Asked by <RequesterLine request={request} />, <Time at={request.created_at} />
          </p>
        </header>
        <RequestDocument request={request} />
        <Deadline request={request} />
        {Lost && isLost(request) && <Lost request={request} onAsked={() => titleRef.current?.focus()} />}
        <DeliveryLine request={request} />
        <RequestMails request={request} />
      </div>
      <footer className="rounded-b-sm border-t border-dashed border-rule-strong bg-sheet p-5 max-sm:has-[[data-sticky]]:sticky max-sm:has-[[data-sticky]]:bottom-0 max-sm:has-[[data-sticky]]:py-3 sm:px-8">
        {updated && (
          <Notice className="mb-4">
            Updated since you opened it. {request.changed && <Words text={`${request.changed} `} />}
            Please read it again before you decide.
          </Notice>
        )}
        {blocked ? (
          <p className="text-sm text-ink-2">
            <Words text={blocked} />
          </p>
        ) : (
          // A new version starts its decision over; what was typed stays in the draft.
          <Decision key={request.version} {...props} errors={errors} />
        )}
        {busy && (
          <p role="status" className="mt-3 flex items-center gap-2 text-sm text-ink-2">
            <Spinner /> Sending your answer
          </p>
        )}
        {failed && (
          <div ref={notice} className="mt-4">
            <ErrorNotice error={error}>
              {onRetry && canRetry(error) && (
                <Button size="sm" onClick={onRetry}>
                  Try again
                </Button>
              )}
            </ErrorNotice>
          </div>
        )}
      </footer>
    </section>
  );
}
