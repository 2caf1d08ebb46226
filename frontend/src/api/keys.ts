/** Every query key of the app, so that live events and screens agree on them. */
export const keys = {
  config: ['config'] as const,
  me: ['me'] as const,
  sessionLists: ['sessions'] as const,
  sessionList: (search: string, status = '') => ['sessions', search, status] as const,
  session: (id: string) => ['session', id] as const,
  log: (sessionId: string) => ['session', sessionId, 'log'] as const,
  run: (id: string) => ['run', id] as const,
  requests: ['feedback'] as const,
  request: (id: string) => ['feedback', id] as const,
  mails: (requestId: string) => ['feedback', requestId, 'mails'] as const,
  channels: ['channels'] as const,
};
