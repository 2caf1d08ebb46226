import { describe, expect, test } from 'vitest';
import { aChannel } from '@/testing/fixtures';
import { oauthReturnNotice } from './oauth-return';

const slack = aChannel({ type: 'slack' });
const email = aChannel({ type: 'email' });
const linked = [slack, email];
const unlinked = linked.map((channel) => ({ ...channel, linked: false }));
const after = (query: string, channels = unlinked) => oauthReturnNotice(new URLSearchParams(query), channels);

describe('who comes back from Slack', () => {
  test('is told why nothing came of it', () => {
    expect(after('slack=refused')).toContain('declined');
    expect(after('slack=not_installed')).toContain('Assent was not installed');
    expect(after('slack=bad_state')).toContain('another browser');
    expect(after('slack=account_taken')).toContain('somebody else');
    expect(after('slack=constructor')).toBe('Slack was not connected. Start again here.');
  });

  test('is told nothing where the channel itself says it', () => {
    expect(after('')).toBeUndefined();
    expect(after('slack=linked', linked)).toBeUndefined();
    expect(after('slack=refused', linked)).toBeUndefined();
  });
});

describe('who comes back from Google', () => {
  test('is told what came of the mailbox or the address', () => {
    expect(after('email=installed')).toBe("The agent's mailbox is connected.");
    expect(after('email=not_installed', linked)).toContain('mailbox was not connected');
    expect(after('email=refused')).toContain('address was not linked');
    expect(after('email=not_granted')).toContain('every box');
    expect(after('email=<script>')).toBe('Google was not connected. Start again here.');
  });

  test('is told nothing where the channel itself says it', () => {
    expect(after('email=linked', linked)).toBeUndefined();
    expect(after('email=refused', linked)).toBeUndefined();
  });
});
