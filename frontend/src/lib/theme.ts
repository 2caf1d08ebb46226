import { storage } from './storage';
import { createStore } from './store';

const KEY = 'assent.theme';
export type Theme = 'system' | 'light' | 'dark';

export function isTheme(value: string | null): value is Theme {
  return value === 'system' || value === 'light' || value === 'dark';
}

function kept(): Theme {
  const value = storage.get(KEY);
  return isTheme(value) ? value : 'system';
}

export const theme = createStore<Theme>(kept());

/** `public/theme.js` does the same before the first paint. */
export function chooseTheme(next: Theme): void {
  storage.set(KEY, next === 'system' ? null : next);
  if (next === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  theme.set(next);
}
