import { useEffect, useState } from 'react';

/** True while the element with this id exists and no part of it is on screen. */
export function useOutOfView(id: string | undefined): boolean {
  const [away, setAway] = useState<string>();
  useEffect(() => {
    const element = id ? document.getElementById(id) : null;
    if (!element) return undefined;
    const observer = new IntersectionObserver(([entry]) =>
      setAway(entry && !entry.isIntersecting ? id : undefined),
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, [id]);
  return id !== undefined && away === id;
}
