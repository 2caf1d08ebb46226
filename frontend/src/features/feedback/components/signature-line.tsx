import { Ban, Check, CircleSlash, Clock, X } from 'lucide-react';
import type { FeedbackRequest } from '@/api/types';
import { Words } from '@/components/exact-text';
import { Time } from '@/components/ui/time';
import { cn } from '@/lib/cn';
import { signature, type Tone } from '../model';

const COLOUR: Record<Tone, string> = { good: 'text-good', bad: 'text-danger', neutral: 'text-ink-2' };

function SignatureIcon({ status, tone }: { status: FeedbackRequest['status']; tone: Tone }) {
  const look = { 'aria-hidden': true, className: cn('size-4 shrink-0 translate-y-0.5', COLOUR[tone]) };
  if (status === 'expired') return <Clock {...look} />;
  if (status === 'cancelled') return <CircleSlash {...look} />;
  if (tone === 'good') return <Check {...look} />;
  return tone === 'bad' ? <X {...look} /> : <Ban {...look} />;
}

/** Who, where and when: the line that settles the document. */
export function SignatureLine({ request }: { request: FeedbackRequest }) {
  const signed = signature(request);
  if (!signed) return null;
  return (
    <span className="flex items-baseline gap-2">
      <SignatureIcon status={request.status} tone={signed.tone} />
      <span className="min-w-0">
        <Words text={signed.text} />
        {signed.sent && (
          <>
            , sent <Time at={signed.sent} />
          </>
        )}
        {signed.at && (
          <>
            , {signed.sent && 'taken '}
            <Time at={signed.at} />
          </>
        )}
      </span>
    </span>
  );
}
