import { type RefObject, useEffect, useRef } from 'react';

/**
 * Moves focus into a step of a decision when the reader opens it, and back to the button that opened it
 * (`data-opens`) when they leave it. `root` holds whichever step is open.
 */
export function useStepFocus(step: string, root: RefObject<HTMLElement | null>): void {
  const before = useRef(step);
  useEffect(() => {
    const left = before.current;
    if (left === step) return;
    before.current = step;
    const opener = root.current?.querySelector<HTMLElement>(`[data-opens="${left}"]`);
    (opener ?? root.current?.querySelector<HTMLElement>('input, textarea, select'))?.focus();
  }, [step, root]);
}
