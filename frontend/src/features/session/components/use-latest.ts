import { type RefCallback, type RefObject, useCallback, useLayoutEffect, useRef, useState } from 'react';
import type { Item } from '../model';

/** As many as are worth drawing before anybody has scrolled up. */
const BATCH = 80;

interface Latest {
  shown: Item[];
  list: RefObject<HTMLOListElement | null>;
  /** For what stands above the first item while there are earlier ones: seeing it shows more. */
  more: RefCallback<HTMLElement> | undefined;
  showEarlier: () => void;
}

function firstWaiting(items: Item[]): number {
  const at = items.findIndex((item) => item.kind === 'request' && item.request.status === 'pending');
  return at < 0 ? items.length : at;
}

/** A day's heading goes where the day turns out to have begun earlier. */
function keyAt(items: Item[], place: number): string | undefined {
  return items.slice(place).find((item) => item.kind !== 'day')?.key;
}

function withHeading(items: Item[], place: number): number {
  return items[place - 1]?.kind === 'day' ? place - 1 : place;
}

/** The end of a long record, and from there backwards as far as somebody reads. What waits for an answer is never left out. */
export function useLatest(items: Item[]): Latest {
  // The first item shown, not its place: earlier ones may be put above it.
  const [first, setFirst] = useState(() => keyAt(items, Math.max(0, items.length - BATCH)));
  const at = items.findIndex((item) => item.key === first);
  const start = at < 0 ? Math.max(0, items.length - BATCH) : withHeading(items, at);
  const from = Math.min(start, firstWaiting(items), Math.max(0, items.length - 1));
  // What was shown stays, also when it waits no longer: its reader has just answered it.
  if (from < start || at < 0) {
    const next = keyAt(items, from);
    if (next !== first) setFirst(next);
  }
  const list = useRef<HTMLOListElement>(null);
  const anchor = useRef<{ element: Element; top: number } | undefined>(undefined);

  const showEarlier = useCallback(() => {
    const element = list.current?.firstElementChild;
    anchor.current = element ? { element, top: element.getBoundingClientRect().top } : undefined;
    setFirst(keyAt(items, Math.max(0, from - BATCH)));
  }, [from, items]);

  // What was on screen stays where it was, whichever render brings the earlier items.
  useLayoutEffect(() => {
    const kept = anchor.current;
    if (!kept || list.current?.firstElementChild === kept.element) return;
    anchor.current = undefined;
    const pane = list.current?.closest('[data-slot="scroll-pane"]');
    if (pane) pane.scrollTop += kept.element.getBoundingClientRect().top - kept.top;
  });

  const more = useCallback(
    (element: HTMLElement | null) => {
      if (!element) return undefined;
      const observer = new IntersectionObserver(([entry]) => {
        if (entry?.isIntersecting) showEarlier();
      });
      observer.observe(element);
      return () => observer.disconnect();
    },
    [showEarlier],
  );
  return { shown: items.slice(from), list, more: from > 0 ? more : undefined, showEarlier };
}
