import { describe, expect, test } from 'vitest';
import { aChannel } from '@/testing/fixtures';
import {
  arranged,
  changed,
  minutesOf,
  moved,
  nameWithAccount,
  orderInWords,
  position,
  secondsOf,
  standing,
  wishesOf,
} from './model';

const chat = aChannel();
const slack = aChannel({ type: 'slack', account: '@dana' });
const email = aChannel({ type: 'email', set_up: false, linked: false, status: 'disconnected' });
const wishes = wishesOf([chat, slack, email]);

describe('the order', () => {
  test('moves one channel and keeps the others as they were', () => {
    expect(moved(wishes, 2, 0).map(({ type }) => type)).toEqual(['email', 'chat', 'slack']);
    expect(moved(wishes, 0, 1).map(({ type }) => type)).toEqual(['slack', 'chat', 'email']);
    expect(moved(wishes, 0, -1)).toBe(wishes);
    expect(moved(wishes, 2, 3)).toBe(wishes);
  });

  test('shows a change before it is kept', () => {
    const next = changed(moved(wishes, 1, 0), 'slack', { wait_seconds: 60, enabled: false });
    expect(arranged([chat, slack, email], next)).toEqual([
      { ...slack, wait_seconds: 60, enabled: false },
      chat,
      email,
    ]);
  });

  test('in words leaves out who is not asked', () => {
    expect(orderInWords([slack, chat, email])).toBe('Slack, then Web chat');
    expect(orderInWords([{ ...slack, enabled: false }, chat, email])).toBe('Web chat');
    expect(position([slack, chat, email], 'chat')).toBe('position 2 of 3');
  });
});

test('how a channel is doing stands there in words', () => {
  const now = new Date(2026, 10, 21, 14, 0).getTime();
  const failing = {
    status: 'disconnected',
    failing_since: new Date(2026, 10, 21, 13, 40).toISOString(),
  } as const;
  expect(standing(chat)).toEqual({ tone: 'good', text: 'Working, always on' });
  expect(standing(slack)).toEqual({ tone: 'good', text: 'Working' });
  expect(standing(email).text).toBe('Not set up on this server');
  expect(standing({ ...slack, linked: false }).text).toBe('Not linked');
  expect(standing({ ...slack, ...failing, error: 'The token was revoked.' }, now)).toEqual({
    tone: 'bad',
    text: 'Failing since 13:40: The token was revoked.',
  });
  expect(standing({ ...email, set_up: true, error: 'The agent has no mailbox yet.' })).toEqual({
    tone: 'bad',
    text: 'The agent has no mailbox yet.',
  });
  expect(nameWithAccount(slack)).toBe('Slack (@dana)');
  expect(nameWithAccount(chat)).toBe('Web chat');
});

test('waits are typed in minutes and kept in seconds', () => {
  expect(['15', '0', '0.5', '10080'].map(secondsOf)).toEqual([900, 0, 30, 604_800]);
  expect(['', ' ', '-1', '10081', 'soon'].map(secondsOf)).toEqual(Array(5).fill(undefined));
  expect([900, 30, 100].map(minutesOf)).toEqual(['15', '0.5', '1.67']);
});
