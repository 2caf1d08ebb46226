import type { FeedbackRequest, FeedbackType, RequestMail, Delivery } from '@/api/types';
import { aMail, dana } from '@/testing/fixtures';

const MINUTE = 60_000;
const ago = (minutes: number) => new Date(Date.now() - minutes * MINUTE).toISOString();
const quoted = '\n\nOn Fri, 20 Nov 2026 at 13:55, Assent <agent@example.org> wrote:\n> ';

const WRITTEN: Record<FeedbackType, string> = {
  confirmation: 'APPROVE',
  choice: '2',
  text: 'Good morning, everybody',
  form: 'name: Dana Doe\nemail: dana@example.org\nnights: 2',
  checkpoint: 'CONTINUE',
};

const sent: Delivery = {
  channel: 'email',
  person_id: dana.id,
  status: 'sent',
  attempts: 1,
  step: 0,
  round: 0,
  sent_at: ago(9),
};

function mail(change: Partial<RequestMail>): RequestMail {
  const { text = 'APPROVE' } = change;
  return aMail({
    whole: `${text}${quoted}Demo agent asks`,
    sent_at: ago(4),
    received_at: ago(3),
    ...change,
  });
}

/** The same request, settled by a mail. */
export function answeredByMail(request: FeedbackRequest): { request: FeedbackRequest; mails: RequestMail[] } {
  const { response } = request;
  return {
    request: {
      ...request,
      deliveries: [{ ...sent, status: 'settled' }],
      ...(response && { response: { ...response, sent_at: ago(4) } }),
    },
    mails: [mail({ text: WRITTEN[request.type] })],
  };
}

interface Mailed {
  state: string;
  change: Partial<FeedbackRequest>;
  mails: RequestMail[];
  press: string[];
}

/** What an open request may have got by mail. */
export function mailExamples(): Mailed[] {
  const unverified: Partial<RequestMail> = {
    verified: false,
    outcome: 'unverified',
    sender: 'dana@ex\u0430mple.org',
    text: 'APPROVE\u202e evorppa\n<script>alert("approve")</script> <b>[Approve](javascript:approve())</b>',
  };
  return [
    { state: 'Unverified reply', change: { deliveries: [sent] }, mails: [mail(unverified)], press: [] },
    {
      state: 'Replies that did not decide',
      change: { deliveries: [sent] },
      mails: [
        mail({ id: 'l2', outcome: 'unclear', text: 'approve? what is this' }),
        mail({ id: 'l3', outcome: 'proposal', text: 'Sounds good to me, go ahead.' }),
        mail({ id: 'l4', outcome: 'automatic', text: 'I am away until Monday.' }),
      ],
      press: ['3 mails'],
    },
  ];
}
