import { fireEvent, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { expect, test, vi } from 'vitest';
import { Composer } from './composer';

const onSend = vi.fn<(text: string) => void>();

function show() {
  onSend.mockReset();
  return render(<Composer draftKey="session.s1" field={{ current: null }} maxLength={10} onSend={onSend} />);
}

const field = () => screen.getByLabelText('Message');

test('Enter sends and empties, Shift+Enter breaks the line', async () => {
  show();
  await userEvent.type(field(), 'a{Shift>}{Enter}{/Shift}b{Enter}');
  expect(onSend).toHaveBeenCalledWith('a\nb');
  expect(field()).toHaveValue('');
});

test('the Enter that ends a composition sends nothing', async () => {
  show();
  await userEvent.type(field(), 'に');
  fireEvent.keyDown(field(), { key: 'Enter', isComposing: true });
  fireEvent.keyDown(field(), { key: 'Enter', keyCode: 229 });
  expect(onSend).not.toHaveBeenCalled();
});

test('nothing empty and nothing too long leaves', async () => {
  show();
  await userEvent.type(field(), '   {Enter}');
  await userEvent.type(field(), '{Control>}a{/Control}12345678901{Enter}');
  expect(onSend).not.toHaveBeenCalled();
  expect(screen.getByText(/characters too long/)).toBeVisible();
});

test('what was typed is there after a reload', async () => {
  const { unmount } = show();
  await userEvent.type(field(), 'half');
  unmount();
  show();
  expect(field()).toHaveValue('half');
});
