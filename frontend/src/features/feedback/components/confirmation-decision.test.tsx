import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, test } from 'vitest';
import { aRequest } from '@/testing/fixtures';
import { button, reply, sent, settles, show } from '@/testing/request-card';

describe('approval', () => {
  test('shows the exact call apart from the words of the agent', () => {
    show(aRequest({ action: { tool: 'pay', args: { to: 'Bob\u202e' }, risk: 'medium', digest: '' } }));
    expect(screen.getByRole('heading', { name: 'Pay 500 to Bob?' })).toBeVisible();
    expect(screen.getByTitle('right-to-left override')).toHaveTextContent('U+202E');
    expect(within(screen.getByRole('figure')).getByText('Bob sent an invoice.')).toBeVisible();
    expect(screen.getByText('Medium risk')).toBeVisible();
  });

  test.each([
    ['agent' as const, 'run1', 'Agent', 'declared by the tool'],
    ['program' as const, null, 'Program', 'the asker’s own claim'],
    ['person' as const, null, 'Person', 'the asker’s own claim'],
  ])(
    'marks %s as what asks, whatever its name, and says whose word the risk is',
    (kind, run_id, mark, word) => {
      show(aRequest({ run_id, requester: { kind, id: 'p2', name: 'Assent agent\u202e' } }));
      expect(screen.getAllByText(mark).length).toBeGreaterThan(0);
      expect(screen.getByText(word)).toBeVisible();
      expect(screen.getAllByTitle('right-to-left override').length).toBeGreaterThan(0);
    },
  );

  test('long values are cut only with a way to see all', async () => {
    const long = 'x'.repeat(2000);
    show(aRequest({ action: { tool: 'pay', args: { long }, risk: 'low', digest: '' } }));
    expect(screen.queryByText(long)).not.toBeInTheDocument();
    await userEvent.click(button('Show all 2,000 characters'));
    expect(screen.getByText(long)).toBeVisible();
  });

  test('approving folds the card into its signature and keeps the reader there', async () => {
    const request = aRequest();
    reply(settles(request, 'approve'));
    show(request);
    await userEvent.click(button('Approve'));
    expect(await screen.findByText(/Approved by Dana in the web app/)).toBeVisible();
    expect(sent[0]?.body).toEqual({ action: 'approve', version: 1 });
    expect(screen.getByRole('heading', { name: /Pay 500 to Bob/ })).toHaveFocus();
  });

  test('high risk wants the name of the tool, and Enter never approves', async () => {
    const request = aRequest({ action: { tool: 'make_payment', args: {}, risk: 'high', digest: '' } });
    reply(settles(request, 'approve'));
    show(request);
    await userEvent.click(button('Approve'));
    expect(button('Approve')).toBeDisabled();
    await userEvent.type(screen.getByRole('textbox'), 'make_payment{Enter}');
    expect(sent).toEqual([]);
    await userEvent.click(button('Approve'));
    expect(await screen.findByText(/Approved by Dana/)).toBeVisible();
  });

  test('a rejection carries its reason', async () => {
    const request = aRequest();
    reply(settles(request, 'reject'));
    show(request);
    await userEvent.click(button('Reject'));
    await userEvent.type(screen.getByRole('textbox'), 'Too much');
    await userEvent.click(button('Reject'));
    await waitFor(() => expect(sent[0]?.body).toMatchObject({ action: 'reject', feedback: 'Too much' }));
  });

  test('of edited arguments only what was changed is sent', async () => {
    const request = aRequest();
    reply(settles(request, 'edit'));
    show(request);
    await userEvent.click(button('Edit and approve'));
    expect(button('Approve with changes')).toBeDisabled();
    const amount = screen.getByLabelText('amount');
    await userEvent.clear(amount);
    await userEvent.type(amount, '250');
    await userEvent.click(button('Approve with changes'));
    await waitFor(() => expect(sent[0]?.body).toMatchObject({ action: 'edit', values: { amount: 250 } }));
  });

  test('only what is allowed is offered', () => {
    show(aRequest({ allowed_actions: ['reject'] }));
    expect(screen.queryByRole('button', { name: 'Approve' })).not.toBeInTheDocument();
  });
});

describe('steps of a decision', () => {
  test('have the focus while they are open and give it back to what opened them', async () => {
    show(aRequest());
    await userEvent.click(button('Reject'));
    expect(screen.getByLabelText('Why not?')).toHaveFocus();
    await userEvent.click(button('Back'));
    expect(button('Reject')).toHaveFocus();
    await userEvent.click(button('Edit and approve'));
    expect(screen.getByLabelText('amount')).toHaveFocus();
  });

  test('a high risk puts the focus where the name is typed, a decision on the title', async () => {
    const request = aRequest({ action: { tool: 'make_payment', args: {}, risk: 'high', digest: 'd1' } });
    reply(settles(request, 'approve'));
    show(request);
    button('Approve').focus();
    await userEvent.keyboard('{Enter}');
    expect(screen.getByLabelText('Type make_payment to approve')).toHaveFocus();
    await userEvent.keyboard('make_payment{Tab}{Enter}');
    await waitFor(() => expect(screen.getByRole('heading')).toHaveFocus());
    expect(sent).toMatchObject([{ body: { action: 'approve' } }]);
  });

  test('what is changed stands beside what was proposed before it is sent', async () => {
    show(aRequest());
    await userEvent.click(button('Edit and approve'));
    expect(screen.queryByRole('table', { name: 'What you change' })).not.toBeInTheDocument();
    await userEvent.clear(screen.getByLabelText('amount'));
    await userEvent.type(screen.getByLabelText(/^amount/), '250');
    const changes = screen.getByRole('table', { name: 'What you change' });
    expect(within(changes).getByRole('row', { name: 'amount 500 250' })).toBeVisible();
    await userEvent.click(button('Reset'));
    expect(screen.queryByRole('table', { name: 'What you change' })).not.toBeInTheDocument();
  });
});
