import { type RefObject, useEffect, useRef } from 'react';

/** Calls back once the element is on screen in a tab that is in front, and again for each new `turn`; without one, never. */
export function useOnScreen(
  ref: RefObject<Element | null>,
  turn: string | undefined,
  onLook: () => void,
): void {
  const latest = useRef(onLook);
  useEffect(() => {
    latest.current = onLook;
  });
  useEffect(() => {
    const element = ref.current;
    if (!element || turn === undefined) return undefined;
    let onScreen = false;
    const look = () => {
      if (!onScreen || document.visibilityState !== 'visible') return;
      stop();
      latest.current();
    };
    const observer = new IntersectionObserver((entries) => {
      onScreen = entries.at(-1)?.isIntersecting ?? false;
      look();
    });
    const stop = () => {
      observer.disconnect();
      document.removeEventListener('visibilitychange', look);
    };
    observer.observe(element);
    document.addEventListener('visibilitychange', look);
    return stop;
  }, [ref, turn]);
}
