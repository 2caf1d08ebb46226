import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { http, HttpResponse } from 'msw';
import { describe, expect, test } from 'vitest';
import { AT, email, hear, keeps, put, row, show, slack } from '@/testing/channels';
import { aChannel, aRequest } from '@/testing/fixtures';
import { server } from '@/testing/server';

const order = () => screen.getAllByRole('heading', { level: 2 }).map((heading) => heading.textContent);

async function choose(channel: string, item: string) {
  await userEvent.click(await screen.findByRole('button', { name: `Menu of ${channel}` }));
  await userEvent.click(await screen.findByRole('menuitem', { name: item }));
}

describe('the order', () => {
  test('moves by menu, which offers no way out of the list', async () => {
    show();
    await choose('Slack', 'Move up');
    await waitFor(() => expect(order()).toEqual(['Slack@dana', 'Web chat', 'Email']));
    expect(put[0]?.map(({ type }) => type)).toEqual(['slack', 'chat', 'email']);
    await userEvent.click(screen.getByRole('button', { name: 'Menu of Slack' }));
    expect(await screen.findByRole('menuitem', { name: 'Move down' })).toBeVisible();
    expect(screen.queryByRole('menuitem', { name: 'Move up' })).not.toBeInTheDocument();
  });

  test('is shown at once, and as it was when the server refuses it', async () => {
    let refuse = () => {};
    const asked = new Promise<void>((done) => (refuse = done));
    server.use(
      http.put(AT, async () => {
        await asked;
        return HttpResponse.json({ detail: 'Name each channel once.', code: 'invalid' }, { status: 422 });
      }),
    );
    show();
    await choose('Slack', 'Move up');
    await waitFor(() => expect(order()[0]).toBe('Slack@dana'));
    refuse();
    expect(await screen.findByText('Your change was not kept.')).toBeVisible();
    expect(screen.getByRole('alert')).toHaveTextContent('Name each channel once.');
    expect(order()[0]).toBe('Web chat');
  });

  test('changed in another tab arrives here', async () => {
    show();
    await screen.findByText('@dana');
    keeps([slack, aChannel(), email]);
    hear({ type: 'channels_ordered' });
    await waitFor(() => expect(order()[0]).toBe('Slack@dana'));
  });
});

describe('a channel', () => {
  test('is switched off and on; the web chat has no switch', async () => {
    show();
    await userEvent.click(await screen.findByRole('switch', { name: 'Use Slack' }));
    await waitFor(() => expect(put[0]?.find(({ type }) => type === 'slack')?.enabled).toBe(false));
    expect(screen.getAllByRole('switch')).toHaveLength(1);
    expect(row('chat').getByText('Working, always on')).toBeVisible();
    expect(row('email').getByText('Not set up on this server')).toBeVisible();
  });

  test('is waited on for as many minutes as somebody enters, if they can be kept', async () => {
    show();
    const minutes = await screen.findByLabelText('Minutes to wait for an answer on Slack');
    await userEvent.clear(minutes);
    await userEvent.type(minutes, '-3{Enter}');
    expect(minutes).toHaveAccessibleDescription(/from 0 to 10,080/);
    expect(put).toEqual([]);
    await userEvent.clear(minutes);
    await userEvent.type(minutes, '5{Enter}');
    await waitFor(() => expect(put[0]?.find(({ type }) => type === 'slack')?.wait_seconds).toBe(300));
    expect(minutes).toHaveFocus();
    expect(minutes).not.toHaveAttribute('aria-invalid');
  });

  test('is unlinked after a word on what happens', async () => {
    server.use(
      http.delete('*/api/channels/slack', () => {
        keeps([aChannel(), { ...slack, linked: false, account: null, status: 'disconnected' }, email]);
        return new HttpResponse(null, { status: 204 });
      }),
    );
    show();
    await choose('Slack', 'Unlink');
    const dialog = await screen.findByRole('dialog', { name: 'Unlink Slack?' });
    expect(dialog).toHaveTextContent('Nothing more is sent to Slack (@dana)');
    await userEvent.click(within(dialog).getByRole('button', { name: 'Unlink' }));
    expect(await row('slack').findByText('Not linked')).toBeVisible();
  });

  test('is linked by a code, and the row says so as soon as it was sent', async () => {
    const until = new Date(Date.now() + 9.5 * 60_000).toISOString();
    keeps([aChannel(), { ...slack, linked: false, account: null, status: 'disconnected' }, email]);
    server.use(
      http.post('*/api/channels/slack/link', () =>
        HttpResponse.json({ code: 'K7W3N9QXYZ', expires_at: until }),
      ),
    );
    show();
    await userEvent.click(await screen.findByRole('button', { name: 'Link with a code' }));
    const box = await screen.findByRole('group', { name: 'Link Slack with a code' });
    expect(box).toHaveFocus();
    expect(within(box).getByText('link K7W3N9QXYZ')).toBeVisible();
    expect(box).toHaveTextContent('ends in 9 min');
    keeps([aChannel(), slack, email]);
    hear({ type: 'channel_status', channel: 'slack', status: 'connected' });
    expect(await row('slack').findByText('@dana')).toBeVisible();
    expect(box).not.toBeInTheDocument();
  });

  test('gives a new code for one that has ended', async () => {
    keeps([aChannel(), { ...slack, linked: false, account: null, status: 'disconnected' }, email]);
    const codes = [
      { code: 'AAAAAAAAAA', expires_at: new Date(Date.now() - 1000).toISOString() },
      { code: 'BBBBBBBBBB', expires_at: new Date(Date.now() + 60_000).toISOString() },
    ];
    server.use(http.post('*/api/channels/slack/link', () => HttpResponse.json(codes.shift())));
    show();
    await userEvent.click(await screen.findByRole('button', { name: 'Link with a code' }));
    await userEvent.click(await screen.findByRole('button', { name: 'Get a new code' }));
    expect(await screen.findByText('link BBBBBBBBBB')).toBeVisible();
  });

  test('is tested, and the message is followed as it goes', async () => {
    const copy = { channel: 'slack', person_id: 'p1', attempts: 1, step: 0, round: 0 } as const;
    let request = aRequest({ id: 't1', deliveries: [{ ...copy, status: 'sending' }] });
    server.use(
      http.post('*/api/channels/slack/test', () => HttpResponse.json(request)),
      http.get('*/api/feedback/t1', () => HttpResponse.json(request)),
    );
    show();
    await choose('Slack', 'Send a test');
    expect(await row('slack').findByText('Being sent')).toBeVisible();
    request = { ...request, deliveries: [{ ...copy, status: 'failed', error: 'The token was revoked.' }] };
    hear({
      type: 'feedback_delivery',
      session_id: 's1',
      request_id: 't1',
      channel: 'slack',
      person_id: 'p1',
      status: 'failed',
    });
    expect(await row('slack').findByText('Not sent: The token was revoked.')).toBeVisible();
  });
});

describe('the installation', () => {
  test('is no matter of those who may not install', async () => {
    show();
    expect(await screen.findByText('@dana')).toBeVisible();
    expect(screen.queryByRole('button', { name: /Install/ })).not.toBeInTheDocument();
  });

  test('names the workspaces that have it', async () => {
    keeps([aChannel(), { ...slack, install: { workspaces: ['Acme', 'Globex'] } }, email]);
    show();
    expect(await screen.findByText('Acme, Globex')).toBeVisible();
    expect(row('chat').queryByRole('button', { name: /Install/ })).not.toBeInTheDocument();
  });

  test('that cannot be begun says why', async () => {
    keeps([aChannel(), { ...slack, install: { workspaces: [] } }, email]);
    server.use(
      http.post('*/api/channels/slack/install', () =>
        HttpResponse.json({ detail: 'Only an administrator can install this.' }, { status: 403 }),
      ),
    );
    show();
    expect(await screen.findByText(/Not installed in any workspace yet/)).toBeVisible();
    await userEvent.click(screen.getByRole('button', { name: 'Install to a Slack workspace' }));
    expect(await screen.findByRole('alert')).toHaveTextContent('Only an administrator can install this.');
  });
});
