import { announce, type Urgency } from '@/lib/announcements';

/** Says something to screen readers: `(text, urgency?)`. Focus stays where it is. */
export function useAnnounce(): (text: string, urgency?: Urgency) => void {
  return announce;
}
