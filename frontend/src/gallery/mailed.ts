import type { FeedbackRequest, FeedbackType, Letter, Delivery } from '@/api/types';
import { aLetter, dana } from '@/testing/fixtures';

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

function letter(change: Partial<Letter>): Letter {
  const { text = 'APPROVE' } = change;
  return aLetter({
    whole: `${text}${quoted}Demo agent asks`,
    sent_at: ago(4),
    received_at: ago(3),
    ...change,
  });
}

/** The same request, settled by a mail. */
export function byMail(request: FeedbackRequest): { request: FeedbackRequest; letters: Letter[] } {
  const { response } = request;
  return {
    request: {
      ...request,
      deliveries: [{ ...sent, status: 'settled' }],
      ...(response && { response: { ...response, sent_at: ago(4) } }),
    },
    letters: [letter({ text: WRITTEN[request.type] })],
  };
}

interface Mailed {
  state: string;
  change: Partial<FeedbackRequest>;
  letters: Letter[];
  press: string[];
}

/** What an open request may have got by mail. */
export function mailed(): Mailed[] {
  const unverified: Partial<Letter> = {
    verified: false,
    outcome: 'unverified',
    sender: 'dana@ex\u0430mple.org',
    text: 'APPROVE\u202e evorppa\n<script>alert("approve")</script> <b>[Approve](javascript:approve())</b>',
  };
  return [
    { state: 'Unverified reply', change: { deliveries: [sent] }, letters: [letter(unverified)], press: [] },
    {
      state: 'Replies that did not decide',
      change: { deliveries: [sent] },
      letters: [
        letter({ id: 'l2', outcome: 'unclear', text: 'approve? what is this' }),
        letter({ id: 'l3', outcome: 'proposal', text: 'Sounds good to me, go ahead.' }),
        letter({ id: 'l4', outcome: 'automatic', text: 'I am away until Monday.' }),
      ],
      press: ['3 mails'],
    },
  ];
}
