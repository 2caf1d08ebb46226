import { describe, expect, test } from 'vitest';
import type { Delivery, FeedbackRequest } from '@/api/types';
import { answered, aRequest, dana } from '@/testing/fixtures';
import { elsewhere, isLost, reasons, testSteps, trail, troubled, unseenCopies } from './deliveries';

const at = (minute: number) => new Date(2026, 10, 21, 14, minute).toISOString();
const NOW = new Date(2026, 10, 21, 15, 0).getTime();

function copy(
  channel: Delivery['channel'],
  status: Delivery['status'],
  more: Partial<Delivery> = {},
): Delivery {
  return { channel, status, person_id: dana.id, attempts: 1, step: 0, round: 0, ...more };
}

function asked(...deliveries: Delivery[]): FeedbackRequest {
  return aRequest({ deliveries });
}

describe('the line about other places', () => {
  test.each<[string, FeedbackRequest]>([
    ['', asked(copy('chat', 'seen', { sent_at: at(0) }))],
    ['Also asked in Slack at 14:03, not answered', asked(copy('slack', 'sent', { sent_at: at(3) }))],
    [
      'Also asked in Slack at 14:03 and by email at 14:20, not answered',
      asked(copy('slack', 'seen', { sent_at: at(3) }), copy('email', 'sent', { sent_at: at(20), step: 1 })),
    ],
    ['On its way to Slack', asked(copy('slack', 'sending'))],
    ['Trying Slack again', asked(copy('slack', 'retry_wait'))],
    ['Tried Slack and Email', asked(copy('slack', 'failed'), copy('email', 'failed', { step: 1 }))],
    [
      'Also asked in Slack at 14:03',
      answered(asked(copy('slack', 'settled', { sent_at: at(3) })), 'approve'),
    ],
  ])('%s', (line, request) => {
    expect(elsewhere(request, NOW)).toBe(line);
  });
});

test('the trail tells the way of every copy', () => {
  const request = asked(
    copy('slack', 'failed', { attempts: 5, error: 'The token was revoked.' }),
    copy('email', 'sent', { step: 1, sent_at: at(3) }),
    copy('chat', 'sent', { step: 2, sent_at: at(5) }),
    copy('chat', 'seen', { step: 3, sent_at: at(5), seen_at: at(6) }),
    copy('slack', 'settled', { step: 4, sent_at: at(7), settled_at: at(8) }),
    copy('email', 'settled', { step: 5 }),
  );
  expect(trail(request, NOW).map(({ text, error }) => text + (error && `: ${error}`))).toEqual([
    'could not be sent, 5 tries: The token was revoked.',
    'sent 14:03',
    'shown 14:05, not seen yet',
    'seen 14:06',
    'sent 14:07, closed 14:08',
    'not needed any more',
  ]);
  expect(trail(request, NOW)[0]?.person).toBe('');
  const both = { ...request, recipients: [dana, { id: 'p2', name: 'Sam' }] };
  expect(trail(both, NOW)[0]?.person).toBe('Dana');
});

describe('a request that reached nobody', () => {
  const failed = copy('slack', 'failed', { error: 'No account is linked for this channel.' });

  test('is one that channels failed, not one that waits in the web chat to be seen', () => {
    const unread = copy('chat', 'sent', { error: 'Nobody had it open in the web app.' });
    expect(isLost({ ...asked(failed), dead_letter: true })).toBe(true);
    expect(isLost({ ...asked(unread), dead_letter: true })).toBe(false);
    expect(isLost(asked(failed))).toBe(false);
    expect(isLost(answered({ ...asked(failed), dead_letter: true }, 'approve'))).toBe(false);
  });

  test('gives the reasons of the latest round', () => {
    const again = copy('email', 'failed', { round: 1, error: 'The mailbox is full.' });
    expect(reasons(asked(failed))).toEqual(['Slack: No account is linked for this channel.']);
    expect(reasons(asked(failed, again))).toEqual(['Email: The mailbox is full.']);
  });

  test('and one that reached somebody else names what is troubled', () => {
    const chat = copy('chat', 'seen', { step: 1 });
    expect(troubled(asked(failed, chat))).toBe('Slack');
    expect(troubled(asked(copy('slack', 'sent'), chat))).toBe('');
  });
});

test('what nobody has seen yet is named, so that a new copy counts anew', () => {
  expect(unseenCopies(asked(copy('chat', 'seen'), copy('slack', 'sent')))).toBeUndefined();
  const first = unseenCopies(asked(copy('chat', 'sent')));
  const second = unseenCopies(asked(copy('chat', 'seen'), copy('chat', 'sent', { round: 1 })));
  expect(first).toBeDefined();
  expect(second).not.toBe(first);
  expect(unseenCopies(answered(asked(copy('chat', 'sent')), 'approve'))).toBeUndefined();
});

describe('a test message', () => {
  const told = (request: FeedbackRequest) => testSteps(request).map(({ state, text }) => `${state}: ${text}`);

  test('goes from sent over seen to answered', () => {
    const seen = asked(copy('chat', 'seen', { sent_at: at(3), seen_at: at(4) }));
    expect(told(asked(copy('slack', 'sending')))).toEqual(['now: Being sent']);
    expect(told(asked(copy('slack', 'sent', { sent_at: at(3) })))).toEqual([
      'done: Sent',
      'now: Not answered yet',
    ]);
    expect(told(asked(copy('chat', 'sent', { sent_at: at(3) }))).at(-1)).toBe('now: Not seen yet');
    expect(told(seen)).toEqual(['done: Sent', 'done: Seen', 'now: Not answered yet']);
    expect(told(answered(seen, 'approve')).at(-1)).toBe('done: Approved by Dana in the web app');
    expect(told({ ...seen, status: 'expired' }).at(-1)).toBe('failed: Nobody answered in time');
  });

  test('says why it did not arrive', () => {
    const why = { error: 'The token was revoked.' };
    expect(told(asked(copy('slack', 'failed', why)))).toEqual(['failed: Not sent: The token was revoked.']);
    expect(told(asked(copy('slack', 'retry_wait', why)))).toEqual([
      'now: Failed, will be retried: The token was revoked.',
    ]);
  });
});
