import type { RequestMail } from '@/api/types';

/** What became of a mail, in words. */
const OUTCOMES: Record<RequestMail['outcome'], string> = {
  answer: 'Taken as the answer',
  message: 'Taken as a message',
  link: 'Taken to link the address',
  proposal: 'Not clear enough: the sender was asked to confirm how it was understood',
  unclear: 'Not understood: the sender was told how to answer',
  late: 'Came after the decision',
  refused: 'Not accepted: the sender was told why',
  unverified: 'Could not be verified',
  automatic: 'An automatic reply, which is never an answer',
  bounce: 'The mail came back undelivered',
};

export function outcomeOf({ outcome }: RequestMail): string {
  return OUTCOMES[outcome];
}

export interface SortedMails {
  /** Whoever sent them. */
  unverified: RequestMail[];
  /** The one that decided. */
  taken?: RequestMail;
  others: RequestMail[];
}

/** The mails about a request, sorted by what they count for. */
export function sorted(mails: RequestMail[]): SortedMails {
  const taken = mails.find(({ outcome }) => outcome === 'answer');
  const unverified = mails.filter(({ outcome }) => outcome === 'unverified');
  const others = mails.filter((mail) => mail !== taken && !unverified.includes(mail));
  return { unverified, others, ...(taken && { taken }) };
}

/** What is below what was newly written: quotes, signatures; empty where nothing is. */
export function hasMore({ text, whole }: RequestMail): boolean {
  return whole.trim() !== text.trim() && whole.trim() !== '';
}
