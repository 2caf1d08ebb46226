import { expect, test } from 'vitest';
import { reportSeen, setSeenReporter } from './report-seen';

test('what was seen without a connection is said once there is one, and once', () => {
  const said: string[] = [];
  setSeenReporter(() => false);
  reportSeen('r1');
  reportSeen('r1');
  setSeenReporter((id) => said.push(id) > 0);
  reportSeen('r2');
  setSeenReporter((id) => said.push(id) > 0);
  expect(said).toEqual(['r1', 'r2']);
});
