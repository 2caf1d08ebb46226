import { isStatus } from '@/api/problem';
import type { Config } from '@/api/types';
import { duration } from '@/lib/time';

export type Door = 'first' | 'sign-in' | 'register';

/** Which form stands at the door, and whether there is another one. */
export function doors(config: Config): { first: Door; other?: Door } {
  if (config.first_account) return { first: 'first' };
  return config.registration === 'open' ? { first: 'sign-in', other: 'register' } : { first: 'sign-in' };
}

/** Why signing in failed. An unknown address and a wrong password read the same. */
export function signInFailure(error: unknown): string | undefined {
  if (isStatus(error, 429)) {
    const wait = error.retryAfter
      ? `Try again in ${duration(error.retryAfter)}.`
      : 'Try again in a few minutes.';
    return `Too many tries. ${wait}`;
  }
  if (isStatus(error, 400) || isStatus(error, 401)) return 'The email address or password is wrong.';
  return undefined;
}

/** The letters that stand for a person where there is no room for the name. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return letters
    .map((word) => /[\p{L}\p{N}]\p{M}*/u.exec(word ?? '')?.[0] ?? '')
    .join('')
    .toUpperCase();
}
