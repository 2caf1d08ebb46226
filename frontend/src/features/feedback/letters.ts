import type { Letter } from '@/api/types';

/** What became of a mail, in words. */
const OUTCOMES: Record<Letter['outcome'], string> = {
  answer: 'Taken as the answer',
  message: 'Taken as a message',
  link: 'Taken to link the address',
  proposal: 'Not clear enough by itself: the sender is asked to confirm what was read',
  unclear: 'Not understood: the sender was told which words count',
  late: 'Came after the decision',
  refused: 'Not accepted: the sender was told why',
  unverified: 'Could not be verified',
  automatic: 'An automatic reply, which is never an answer',
  bounce: 'The mail came back undelivered',
};

export function outcomeOf({ outcome }: Letter): string {
  return OUTCOMES[outcome];
}

export interface Letters {
  /** Whoever sent them. */
  unverified: Letter[];
  /** The one that decided. */
  taken?: Letter;
  others: Letter[];
}

/** The mails about a request, sorted by what they count for. */
export function sorted(letters: Letter[]): Letters {
  const taken = letters.find(({ outcome }) => outcome === 'answer');
  const unverified = letters.filter(({ outcome }) => outcome === 'unverified');
  const others = letters.filter((letter) => letter !== taken && !unverified.includes(letter));
  return { unverified, others, ...(taken && { taken }) };
}

/** What is below what was newly written: quotes, signatures; empty where nothing is. */
export function hasMore({ text, whole }: Letter): boolean {
  return whole.trim() !== text.trim() && whole.trim() !== '';
}
