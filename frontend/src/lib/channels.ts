const NAMES: Record<string, string> = { chat: 'Web chat', slack: 'Slack', email: 'Email' };

/** What people call a channel. */
export function channelName(type: string): string {
  return NAMES[type] ?? type;
}
