import { useQuery } from '@tanstack/react-query';
import { ShieldAlert } from 'lucide-react';
import type { FeedbackRequest, RequestMail } from '@/api/types';
import { ErrorNotice } from '@/components/error-notice';
import { ExactText, Words } from '@/components/exact-text';
import { Disclosure } from '@/components/ui/disclosure';
import { Time } from '@/components/ui/time';
import { hasMore, outcomeOf, sorted } from '../mail-outcomes';
import { mailsQuery } from '../queries';

/** The mails about one request. Anybody can write anything into one: all of it is shown as text. */
export function MailList({ request }: { request: FeedbackRequest }) {
  const mails = useQuery(mailsQuery(request));
  if (mails.error) return <ErrorNotice error={mails.error} />;
  const { taken, unverified, others } = sorted(mails.data ?? []);
  return (
    <>
      {taken && (
        <Disclosure summary="Show the mail">
          <div className="mt-2 rounded-sm border border-rule bg-sheet p-4">
            <Envelope mail={taken} />
            <Writing mail={taken} />
          </div>
        </Disclosure>
      )}
      {unverified.map((mail) => (
        <Unverified key={mail.id} mail={mail} open={request.status === 'pending'} />
      ))}
      {others.length > 0 && (
        <Disclosure
          summary={`${others.length} ${others.length === 1 ? 'mail' : 'mails'} that did not decide`}
        >
          <ul className="mt-2 grid gap-4">
            {others.map((mail) => (
              <li key={mail.id}>
                <p className="font-medium">{outcomeOf(mail)}</p>
                <Envelope mail={mail} />
                <Writing mail={mail} />
              </li>
            ))}
          </ul>
        </Disclosure>
      )}
    </>
  );
}

function Unverified({ mail, open }: { mail: RequestMail; open: boolean }) {
  return (
    <section
      aria-label="A reply that does not count"
      className="grid gap-1 border-l-2 border-caution bg-caution-wash py-3 pr-3 pl-4 text-sm"
    >
      <p className="flex gap-2 font-semibold text-caution">
        <ShieldAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
        A reply that could not be verified is not counted
      </p>
      <Envelope mail={mail} />
      <Writing mail={mail} />
      <p className="text-ink-2">Nothing was sent back.{open && ' If it was you, answer here.'}</p>
    </section>
  );
}

/** Who is said to have sent it, and when. */
function Envelope({ mail: { sender, verified, sent_at, received_at } }: { mail: RequestMail }) {
  return (
    <p className="text-ink-2 wrap-anywhere">
      {verified ? 'From ' : 'It says it is from '}
      <ExactText text={sender} />, {sent_at ? 'sent ' : 'received '}
      <Time at={sent_at ?? received_at} />
    </p>
  );
}

function Writing({ mail }: { mail: RequestMail }) {
  const { text, whole } = mail;
  return (
    <>
      <Text label="What was written" text={text.trim() === '' ? '(nothing)' : text} />
      {hasMore(mail) && (
        <Disclosure summary="With all that it quotes">
          <Text label="The whole mail" text={whole} />
        </Disclosure>
      )}
    </>
  );
}

/** Long ones scroll in their own box. */
function Text({ label, text }: { label: string; text: string }) {
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div
      tabIndex={0}
      role="group"
      aria-label={label}
      className="my-1 max-h-60 overflow-y-auto border-y border-rule py-2 font-mono text-sm"
    >
      <Words text={text} className="whitespace-pre-wrap" />
    </div>
  );
}
