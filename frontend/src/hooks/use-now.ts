import { useEffect, useState } from 'react';

const MINUTE = 60_000;

/** The time, refreshed each minute, or each second while `until` is less than a minute away. Stops once it has passed. */
export function useNow(until?: string | null): number {
  const [now, setNow] = useState(() => Date.now());
  const end = until ? Date.parse(until) : Number.POSITIVE_INFINITY;
  useEffect(() => {
    const left = end - now;
    if (left <= 0) return undefined;
    const wait = left <= MINUTE ? 1000 : Math.min(MINUTE, left - MINUTE);
    const timer = setTimeout(() => setNow(Date.now()), wait);
    return () => clearTimeout(timer);
  }, [end, now]);
  return now;
}
