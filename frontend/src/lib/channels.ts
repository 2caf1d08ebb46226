const NAMES: Record<string, string> = { chat: 'Web chat', slack: 'Slack', email: 'Email' };

/** What people call a channel. */
export function channelName(type: string): string {
  return NAMES[type] ?? type;
}

const PLACES: Record<string, string> = {
  chat: 'in the web app',
  api: 'through the API',
  slack: 'in Slack',
  email: 'by email',
};

/** Where an answer was given, as it stands after a name. */
export function where(via: string): string {
  return PLACES[via] ?? `through ${via}`;
}
