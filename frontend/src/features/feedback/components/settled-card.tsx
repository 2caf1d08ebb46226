import { type RefObject, useId } from 'react';
import type { FeedbackRequest } from '@/api/types';
import { Disclosure } from '@/components/ui/disclosure';
import { callLine, kindLabel } from '../model';
import { AnswerDetails } from './answer-details';
import { ExactText, Words } from '@/components/exact-text';
import { DeliveryLine } from './delivery-line';
import { RequestTypeIcon } from './request-type-icon';
import { RequestMails } from './request-mails';
import { RequestDocument } from './request-document';
import { RiskBadge } from './risk-badge';
import { SignatureLine } from './signature-line';
import { UnsentDraft } from './unsent-draft';

interface SettledCardProps {
  request: FeedbackRequest;
  /** Alone on its page the document stays open. */
  heading: 'h1' | 'h2';
  titleRef: RefObject<HTMLHeadingElement | null>;
  /** Somebody else was faster than the reader's own click. */
  tooLate: boolean;
  unsent: string;
  onDiscard: () => void;
}

/** Signed: in a session's log the document folds into its signature line and opens again to be read. */
export function SettledCard(props: SettledCardProps) {
  const { request, heading, tooLate, unsent, onDiscard } = props;
  const id = useId();
  return (
    <section
      id={`request-${request.id}`}
      aria-labelledby={id}
      data-slot="request-card"
      data-state={request.status}
      className="animate-settle"
    >
      {tooLate && (
        <p className="mb-2 text-sm text-caution">Your answer came too late. It had been decided already:</p>
      )}
      {heading === 'h1' ? <Whole {...props} id={id} /> : <Folded {...props} id={id} />}
      {unsent && <UnsentDraft text={unsent} onDiscard={onDiscard} />}
    </section>
  );
}

function Whole({ request, titleRef, id }: SettledCardProps & { id: string }) {
  return (
    <div className="rounded-sm border border-rule bg-sheet p-5 sm:px-8 sm:py-6">
      <p className="mb-3 flex flex-wrap items-center gap-x-4 text-sm text-ink-2">
        <span className="inline-flex items-center gap-2">
          <RequestTypeIcon type={request.type} />
          {kindLabel[request.type]}
        </span>
        <RiskBadge request={request} />
      </p>
      <h1 id={id} ref={titleRef} tabIndex={-1} className="mb-5 text-lg font-semibold wrap-anywhere">
        <Words text={request.title} />
      </h1>
      <RequestDocument request={request} />
      <DeliveryLine request={request} className="mt-5" />
      <p className="mt-8 border-b border-ink pb-1 font-medium">
        <SignatureLine request={request} />
      </p>
      <div className="mt-2 grid gap-2 text-sm empty:hidden">
        <AnswerDetails request={request} />
        <RequestMails request={request} />
      </div>
    </div>
  );
}

function Folded({ request, titleRef, id }: SettledCardProps & { id: string }) {
  return (
    <>
      <p className="border-b border-ink pb-1 font-medium">
        <SignatureLine request={request} />
      </p>
      <Disclosure
        className="mt-1"
        summary={
          <h2 id={id} ref={titleRef} tabIndex={-1} className="min-w-0 wrap-anywhere">
            {kindLabel[request.type]}: <Words text={request.title} />
          </h2>
        }
      >
        <div className="mt-3 grid gap-4 rounded-sm border border-rule bg-sheet p-5 text-base">
          {request.action && (
            <p className="text-sm">
              <RiskBadge request={request} />
            </p>
          )}
          <RequestDocument request={request} />
          <DeliveryLine request={request} />
        </div>
      </Disclosure>
      <div className="mt-2 grid gap-2 text-sm empty:hidden">
        {request.action && request.response?.action !== 'edit' && (
          <p className="line-clamp-2 font-mono text-ink-2">
            <ExactText text={callLine(request.action)} />
          </p>
        )}
        <AnswerDetails request={request} />
        <RequestMails request={request} />
      </div>
    </>
  );
}
