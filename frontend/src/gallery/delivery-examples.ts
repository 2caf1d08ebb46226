import type { By, FeedbackRequest, Delivery } from '@/api/types';
import { dana } from '@/testing/fixtures';

const MINUTE = 60_000;
const ago = (minutes: number) => new Date(Date.now() - minutes * MINUTE).toISOString();

export interface DeliveryExample {
  state: string;
  change: Partial<FeedbackRequest>;
  press?: string[];
}

/** How far an open request may have come on its channels. */
export function deliveryExamples(other: By): DeliveryExample[] {
  const sent: Delivery = {
    channel: 'slack',
    person_id: dana.id,
    status: 'sent',
    attempts: 1,
    step: 0,
    round: 0,
    sent_at: ago(20),
  };
  const failed: Delivery = { ...sent, status: 'failed', sent_at: undefined, error: 'The token was revoked.' };
  const inChat: Delivery = { ...sent, channel: 'chat', step: 1 };
  const unlinked = 'No account is linked for this channel.';
  return [
    { state: 'Sent elsewhere', change: { deliveries: [sent] } },
    { state: 'On its way', change: { deliveries: [{ ...sent, status: 'sending', sent_at: undefined }] } },
    {
      state: 'Sent everywhere',
      press: ['Also asked'],
      change: {
        recipients: [dana, other],
        deliveries: [
          { ...sent, seen_at: ago(19), status: 'seen' },
          { ...sent, channel: 'email', step: 1, attempts: 2, sent_at: ago(5) },
          { ...inChat, person_id: other.id },
          { ...failed, person_id: other.id, step: 2 },
        ],
      },
    },
    {
      state: 'Delivery problem',
      change: { deliveries: [{ ...failed, status: 'retry_wait', attempts: 3 }, inChat] },
    },
    {
      state: 'Dead letter',
      change: {
        dead_letter: true,
        deliveries: [
          { ...failed, attempts: 5 },
          { ...failed, channel: 'email', step: 1, error: unlinked },
        ],
      },
    },
  ];
}
