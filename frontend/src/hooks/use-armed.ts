import { useEffect, useState } from 'react';

const ARMED_FOR = 4000;

/** A safety catch: off for four seconds after `arm`, then on again by itself. */
export function useArmed(): [boolean, () => void] {
  const [shots, setShots] = useState(0);
  useEffect(() => {
    if (shots === 0) return undefined;
    const timer = setTimeout(() => setShots(0), ARMED_FOR);
    return () => clearTimeout(timer);
  }, [shots]);
  return [shots > 0, () => setShots((count) => count + 1)];
}
