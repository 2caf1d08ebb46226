import { expect, test } from 'vitest';
import { saySeen, saySeenBy } from './seen';

test('what was seen without a connection is said once there is one, and once', () => {
  const said: string[] = [];
  saySeenBy(() => false);
  saySeen('r1');
  saySeen('r1');
  saySeenBy((id) => said.push(id) > 0);
  saySeen('r2');
  saySeenBy((id) => said.push(id) > 0);
  expect(said).toEqual(['r1', 'r2']);
});
