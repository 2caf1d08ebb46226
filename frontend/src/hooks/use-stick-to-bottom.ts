import { type RefObject, useCallback, useEffect, useRef, useState } from 'react';

const NEAR = 48;
// Below this the end is in reach anyway, and a button over the content would only be in the way.
const FAR = 240;
const MARGIN = 12;
// After wheel, finger, key or scrollbar the page still moves smoothly for so long.
const SCROLL_MS = 500;
const BY_HAND = ['wheel', 'touchmove', 'keydown', 'pointerdown'] as const;
const LAST_WAITING = 'li:last-child [data-state="pending"]';

function topWithin(scroller: HTMLElement, element: HTMLElement): number {
  return element.getBoundingClientRect().top - scroller.getBoundingClientRect().top + scroller.scrollTop;
}

interface Sticky {
  pane: RefObject<HTMLDivElement | null>;
  content: RefObject<HTMLDivElement | null>;
  atBottom: boolean;
  /** Items that came since the reader left the end. */
  unread: number;
  toBottom: () => void;
}

/**
 * Keeps a growing pane at its end, but only while the reader is there. A document that waits for the reader and is
 * taller than the pane is shown from its beginning: what is signed should have been seen.
 */
export function useStickToBottom(count: number): Sticky {
  const pane = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const stuck = useRef(true);
  const handled = useRef(Number.NEGATIVE_INFINITY);
  const latest = useRef(count);
  // How many items there were when the reader left the end; undefined while there.
  const [leftAt, setLeftAt] = useState<number>();

  useEffect(() => {
    latest.current = count;
  }, [count]);

  const toBottom = useCallback(() => {
    const element = pane.current;
    if (!element) return;
    stuck.current = true;
    handled.current = Number.NEGATIVE_INFINITY;
    element.scrollTop = element.scrollHeight;
  }, []);

  useEffect(() => {
    const scroller = pane.current;
    const inner = content.current;
    if (!scroller || !inner) return undefined;
    let height = scroller.scrollHeight;
    let top = scroller.scrollTop;
    const onHand = () => {
      handled.current = performance.now();
    };
    const onScroll = () => {
      const upwards = scroller.scrollTop < top && performance.now() - handled.current < SCROLL_MS;
      top = scroller.scrollTop;
      // Growth moves the end away, and what goes above takes the page along, without anybody scrolling.
      if (scroller.scrollHeight !== height && !upwards) return;
      const distance = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
      stuck.current = distance < NEAR;
      setLeftAt((before) => (distance < FAR ? undefined : (before ?? latest.current)));
    };
    const onGrowth = () => {
      height = scroller.scrollHeight;
      if (!stuck.current) return;
      const end = scroller.scrollHeight - scroller.clientHeight;
      const waiting = inner.querySelector<HTMLElement>(LAST_WAITING);
      const start = waiting ? topWithin(scroller, waiting) - MARGIN : end;
      scroller.scrollTop = Math.min(start, end);
    };
    const observer = new ResizeObserver(onGrowth);
    observer.observe(inner);
    observer.observe(scroller);
    scroller.addEventListener('scroll', onScroll, { passive: true });
    for (const event of BY_HAND) scroller.addEventListener(event, onHand, { passive: true });
    return () => {
      observer.disconnect();
      scroller.removeEventListener('scroll', onScroll);
      for (const event of BY_HAND) scroller.removeEventListener(event, onHand);
    };
  }, []);

  const atBottom = leftAt === undefined;
  return { pane, content, atBottom, unread: atBottom ? 0 : count - leftAt, toBottom };
}
