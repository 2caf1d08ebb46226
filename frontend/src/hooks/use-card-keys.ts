import { type RefObject, useEffect, useRef } from 'react';
import { addCard, type CardKeys } from '@/lib/card-keys';

/** Lets the keys of the page act on an open request. The ref goes on anything within its card. */
export function useCardKeys<T extends Element>(keys: CardKeys): RefObject<T | null> {
  const element = useRef<T>(null);
  const latest = useRef(keys);
  useEffect(() => {
    latest.current = keys;
  });
  useEffect(() => addCard({ element: () => element.current, keys: () => latest.current }), []);
  return element;
}
