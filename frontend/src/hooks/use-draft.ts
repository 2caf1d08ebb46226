import { useCallback, useEffect, useState } from 'react';
import { readDraft, writeDraft } from '@/lib/drafts';

/** A value that survives reloads and sign-outs under `key`, and follows other tabs. */
export function useDraft<T>(key: string, initial: T): [T, (value: T) => void, () => void] {
  const [value, setValue] = useState<T>(() => readDraft<T>(key) ?? initial);

  useEffect(() => {
    const follow = (event: StorageEvent) => {
      if (event.key === `assent.draft.${key}`) setValue(readDraft<T>(key) ?? initial);
    };
    window.addEventListener('storage', follow);
    return () => window.removeEventListener('storage', follow);
  }, [key, initial]);

  const save = useCallback(
    (next: T) => {
      setValue(next);
      writeDraft(key, next);
    },
    [key],
  );
  const clear = useCallback(() => {
    setValue(initial);
    writeDraft(key, undefined);
  }, [key, initial]);
  return [value, save, clear];
}
