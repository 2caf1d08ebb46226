import { waitFor } from '@testing-library/react';
import { beforeEach, expect, test, vi } from 'vitest';
import { Problem } from '@/api/problem';
import { aMessage } from '@/testing/fixtures';
import type { ClientFrame } from './frames';
import { Outbox, type OutboxOptions } from './outbox';

let saved: string | null;
let sent: ClientFrame[];
let online: boolean;
const post = vi.fn<OutboxOptions['post']>();

function open(): Outbox {
  return new Outbox({
    load: () => saved,
    save: (value) => {
      saved = value;
    },
    send: (frame) => {
      if (online) sent.push(frame);
      return online;
    },
    post,
  });
}

beforeEach(() => {
  saved = null;
  sent = [];
  online = true;
  post.mockReset().mockResolvedValue(undefined);
});

const only = (outbox: Outbox) => outbox.items.get()[0];

test('a message stays until its echo', () => {
  const outbox = open();
  outbox.submit('hello');
  expect(sent).toMatchObject([{ type: 'message', content: 'hello' }]);
  expect(only(outbox)?.state).toBe('sending');
  outbox.acknowledge(aMessage({ client_id: only(outbox)?.clientId }));
  expect(outbox.items.get()).toEqual([]);
  expect(saved).toBeNull();
});

test('without a connection it goes by HTTP under the same id', async () => {
  online = false;
  const outbox = open();
  outbox.submit('hello');
  await waitFor(() => expect(only(outbox)?.state).toBe('sent'));
  expect(post).toHaveBeenCalledWith('hello', only(outbox)?.clientId);
});

test('with no way out it waits, survives a reload, and goes out once connected', async () => {
  online = false;
  post.mockRejectedValue(new TypeError('Failed to fetch'));
  const outbox = open();
  outbox.submit('hello');
  await waitFor(() => expect(only(outbox)?.state).toBe('waiting'));
  const reloaded = open();
  online = true;
  reloaded.connected();
  expect(sent).toMatchObject([{ content: 'hello', client_id: only(outbox)?.clientId }]);
});

test('what was in flight when the connection broke goes by HTTP', () => {
  const outbox = open();
  outbox.submit('hello');
  online = false;
  outbox.disconnected();
  expect(post).toHaveBeenCalledOnce();
});

test('a refusal is shown and not repeated by itself', async () => {
  online = false;
  post.mockRejectedValue(new Problem(429, { detail: 'Too many messages.' }));
  const outbox = open();
  outbox.submit('hello');
  await waitFor(() => expect(only(outbox)).toMatchObject({ state: 'failed', error: 'Too many messages.' }));
  online = true;
  outbox.connected();
  expect(sent).toEqual([]);
  outbox.retry(only(outbox)?.clientId ?? '');
  expect(sent).toHaveLength(1);
});

test('a refused frame fails the message it carried', () => {
  const outbox = open();
  outbox.submit('one');
  outbox.submit('two');
  outbox.refused(outbox.items.get()[1]?.clientId ?? '', 'Too long.');
  expect(outbox.items.get().map(({ state }) => state)).toEqual(['sending', 'failed']);
});
