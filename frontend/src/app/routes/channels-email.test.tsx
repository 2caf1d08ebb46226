import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { http, HttpResponse } from 'msw';
import { describe, expect, test } from 'vitest';
import { email, hear, keeps, row, show, slack } from '@/testing/channels';
import { aChannel } from '@/testing/fixtures';
import { server } from '@/testing/server';

describe('email', () => {
  const bare = { ...email, set_up: true };
  const code = () => ({ code: 'K7W3N9QXYZ', expires_at: new Date(Date.now() + 9.5 * 60_000).toISOString() });

  test('is linked by a reply from the address, and the row says so as soon as it came', async () => {
    keeps([aChannel(), slack, bare]);
    let asked: unknown;
    server.use(
      http.post('*/api/channels/email/link', async ({ request }) => {
        asked = await request.json();
        return HttpResponse.json(code());
      }),
    );
    show();
    await userEvent.click(await screen.findByRole('button', { name: 'Link an address' }));
    const dialog = await screen.findByRole('dialog', { name: 'Link an email address' });
    await userEvent.type(within(dialog).getByLabelText('Your address'), ' dana@example.org{Enter}');
    const box = await within(dialog).findByRole('group', { name: 'Link an address with a code' });
    expect(asked).toEqual({ address: 'dana@example.org' });
    expect(box).toHaveFocus();
    expect(box).toHaveTextContent('Reply to the mail that has gone to dana@example.org');
    expect(within(box).getByText('link K7W3N9QXYZ')).toBeVisible();
    keeps([aChannel(), slack, { ...bare, linked: true, account: 'dana@example.org', status: 'connected' }]);
    hear({ type: 'channel_status', channel: 'email', status: 'connected' });
    expect(await row('email').findByText('dana@example.org')).toBeVisible();
    expect(dialog).not.toBeInTheDocument();
  });

  test('says what is wrong with an address, and waits where too many mails went there', async () => {
    keeps([aChannel(), slack, bare]);
    const wrong = { detail: 'x', errors: [{ field: 'address', message: 'is not an email address' }] };
    const replies = [
      () => HttpResponse.json(wrong, { status: 422 }),
      () => HttpResponse.json({ detail: 'A mail went there a moment ago.' }, { status: 429 }),
    ];
    server.use(http.post('*/api/channels/email/link', () => replies.shift()?.()));
    show();
    await userEvent.click(await screen.findByRole('button', { name: 'Link an address' }));
    const dialog = within(await screen.findByRole('dialog'));
    const address = dialog.getByLabelText('Your address');
    await userEvent.type(address, 'dana@localhost{Enter}');
    await waitFor(() => expect(address).toHaveAccessibleDescription('is not an email address'));
    await userEvent.type(address, '.example.org{Enter}');
    expect(await dialog.findByRole('alert')).toHaveTextContent('A mail went there a moment ago.');
    await userEvent.click(dialog.getByRole('button', { name: 'Cancel' }));
    expect(screen.queryByRole('dialog')).not.toBeInTheDocument();
  });

  test('keeps a code that was given while the dialog is closed', async () => {
    keeps([aChannel(), slack, bare]);
    server.use(http.post('*/api/channels/email/link', () => HttpResponse.json(code())));
    show();
    await userEvent.click(await screen.findByRole('button', { name: 'Link an address' }));
    await userEvent.type(await screen.findByLabelText('Your address'), 'dana@example.org{Enter}');
    await screen.findByText('link K7W3N9QXYZ');
    await userEvent.click(screen.getByRole('button', { name: 'Close' }));
    await userEvent.click(row('email').getByRole('button', { name: 'Show the code again' }));
    expect(await screen.findByText('link K7W3N9QXYZ')).toBeVisible();
    await userEvent.click(screen.getByRole('button', { name: 'Use another address' }));
    expect(await screen.findByLabelText('Your address')).toHaveValue('dana@example.org');
  });

  test('offers Google only where one can sign in there', async () => {
    keeps([aChannel(), slack, { ...bare, sign_in: true }]);
    server.use(
      http.post('*/api/auth/google/start', () =>
        HttpResponse.json({ detail: 'Too many sign-ins at once.' }, { status: 429 }),
      ),
    );
    show();
    await userEvent.click(await screen.findByRole('button', { name: 'Sign in with Google' }));
    expect(await screen.findByRole('alert')).toHaveTextContent('Too many sign-ins at once.');
  });

  test('without a mailbox asks an administrator to connect one', async () => {
    const error = 'The agent has no mailbox yet.';
    keeps([aChannel(), slack, { ...bare, error, mailboxes: [] }]);
    show();
    const shown = within(await screen.findByRole('region', { name: "The agent's mailbox" }));
    expect(row('email').getByText(error)).toBeVisible();
    expect(shown.getByText(/send mail from there/)).toBeVisible();
    expect(shown.getByText(/read the mail there/)).toBeVisible();
    expect(shown.getByRole('button', { name: "Connect the agent's mailbox" })).toBeEnabled();
    expect(row('email').queryByRole('button', { name: 'Link an address' })).not.toBeInTheDocument();
  });

  test('tells others only that there is none', async () => {
    keeps([aChannel(), slack, { ...bare, error: 'The agent has no mailbox yet.' }]);
    show();
    expect(await screen.findByText('The agent has no mailbox yet.')).toBeVisible();
    expect(screen.queryByRole('region')).not.toBeInTheDocument();
    expect(row('email').queryByRole('button', { name: /Link|Connect|Sign in/ })).not.toBeInTheDocument();
  });

  test('whose mailbox was lost says why, and is connected again', async () => {
    const lost = {
      account: 'agent@example.org',
      status: 'disconnected',
      error: 'Google says: revoked.',
    } as const;
    const well = { account: 'other@example.org', status: 'connected' } as const;
    keeps([aChannel(), slack, { ...bare, mailboxes: [lost, well] }]);
    show();
    const shown = within(await screen.findByRole('region', { name: "The agent's mailbox" }));
    expect(shown.getAllByRole('listitem')[0]).toHaveTextContent(
      /agent@example.org.*Not connected: Google says: revoked.$/,
    );
    expect(shown.getAllByRole('listitem')[1]).toHaveTextContent(/^The agent writes from other@example.org.$/);
    expect(shown.getByRole('button', { name: 'Connect the mailbox again' })).toBeEnabled();
  });
});
