import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { HttpResponse } from 'msw';
import { describe, expect, test } from 'vitest';
import { aRequest } from '@/testing/fixtures';
import { button, reply, sent, settles, show } from '@/testing/request-card';

describe('the other kinds', () => {
  const options = [
    { value: 'a', label: 'Lisbon' },
    { value: 'b', label: 'Porto' },
  ];
  const choice = {
    type: 'choice',
    action: undefined,
    options,
    allowed_actions: ['submit', 'decline'],
  } as const;

  test('one of a choice', async () => {
    const request = aRequest({ ...choice, options, allowed_actions: ['submit'] });
    reply(settles(request, 'submit'));
    show(request);
    await userEvent.click(screen.getByRole('radio', { name: 'Porto' }));
    await userEvent.click(button('Send choice'));
    await waitFor(() => expect(sent[0]?.body).toMatchObject({ action: 'submit', values: { choice: 'b' } }));
  });

  test('several of a choice', async () => {
    const request = aRequest({ ...choice, options, multiple: true, allowed_actions: ['submit'] });
    reply(settles(request, 'submit'));
    show(request);
    for (const box of screen.getAllByRole('checkbox').toReversed()) await userEvent.click(box);
    await userEvent.click(button('Send choice'));
    await waitFor(() => expect(sent[0]?.body).toMatchObject({ values: { choice: ['a', 'b'] } }));
  });

  test('declining', async () => {
    const request = aRequest({ ...choice, options, allowed_actions: ['submit', 'decline'] });
    reply(settles(request, 'decline'));
    show(request);
    await userEvent.click(button('Decline to answer'));
    expect(await screen.findByText(/Declined by Dana/)).toBeVisible();
  });

  test('a form ties the errors of the server to its fields', async () => {
    const request = aRequest({
      type: 'form',
      action: undefined,
      allowed_actions: ['submit'],
      fields: [
        { name: 'email', description: 'Where to', type: 'email', required: true },
        { name: 'n', description: '', type: 'integer', required: true },
      ],
    });
    reply(
      () =>
        HttpResponse.json(
          { code: 'invalid', errors: [{ field: 'values.email', message: 'No such host.' }] },
          { status: 422 },
        ),
      settles(request, 'submit'),
    );
    show(request);
    await userEvent.click(button('Send form'));
    expect(screen.getAllByText('This is needed.')).toHaveLength(2);
    const email = screen.getByLabelText(/email/);
    expect(email).toHaveFocus();
    await userEvent.type(email, 'dana@nowhere');
    await userEvent.type(screen.getByLabelText(/^n/), '3');
    await userEvent.click(button('Send form'));
    await waitFor(() => expect(email).toHaveAccessibleDescription('Where to No such host.'));
    expect(email).toBeInvalid();
    expect(sent[0]?.body).toMatchObject({ values: { email: 'dana@nowhere', n: 3 } });
  });

  test('a checkpoint is revised only with an instruction, and stopped only when confirmed', async () => {
    const request = aRequest({
      type: 'checkpoint',
      action: undefined,
      checkpoint: 'after_planning',
      context: { artifact: 'The plan' },
      allowed_actions: ['continue', 'revise', 'skip', 'stop'],
    });
    reply(settles(request, 'stop'));
    show(request);
    expect(screen.getByText('The plan')).toBeVisible();
    await userEvent.click(button('Revise'));
    expect(button('Send back for revision')).toBeDisabled();
    await userEvent.click(button('Back'));
    await userEvent.click(button('Stop'));
    expect(sent).toEqual([]);
    await userEvent.click(button('Stop the run'));
    expect(await screen.findByText(/Stopped by Dana/)).toBeVisible();
  });

  test('what should change goes back with the checkpoint', async () => {
    const request = aRequest({
      type: 'checkpoint',
      action: undefined,
      checkpoint: 'plan',
      allowed_actions: ['revise'],
    });
    reply(settles(request, 'revise'));
    show(request);
    await userEvent.click(button('Revise'));
    await userEvent.type(screen.getByLabelText(/What should change/), 'Shorter');
    await userEvent.click(button('Send back for revision'));
    await waitFor(() => expect(sent[0]?.body).toMatchObject({ action: 'revise', feedback: 'Shorter' }));
  });

  test('an answer in words is sent as it was typed, and not without words', async () => {
    const request = aRequest({ type: 'text', action: undefined, allowed_actions: ['submit'] });
    reply(settles(request, 'submit'));
    show(request);
    await userEvent.type(screen.getByLabelText('Your answer'), '  ');
    expect(button('Send answer')).toBeDisabled();
    await userEvent.type(screen.getByLabelText('Your answer'), 'Dear Bob ');
    await userEvent.click(button('Send answer'));
    await waitFor(() => expect(sent[0]?.body).toMatchObject({ action: 'submit', feedback: '  Dear Bob ' }));
  });
});
