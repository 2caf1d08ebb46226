import { useEffect, useRef } from 'react';
import { addBindings, type Bindings } from '@/lib/shortcuts';

/** Binds keys while the component is there. Left undefined, a key does nothing. */
export function useShortcuts(bindings: Bindings): void {
  const latest = useRef(bindings);
  useEffect(() => {
    latest.current = bindings;
  });
  useEffect(() => addBindings(() => latest.current), []);
}
