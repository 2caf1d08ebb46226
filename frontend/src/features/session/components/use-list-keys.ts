import type { RefObject } from 'react';
import { useShortcuts } from '@/hooks/use-shortcuts';

/** j and k walk through the links of a list, o opens one, / goes to its search. Only while the list is on screen. */
export function useListKeys(
  list: RefObject<HTMLElement | null>,
  search: RefObject<HTMLInputElement | null>,
): void {
  function walk(step: 1 | -1) {
    const links = [...(list.current?.querySelectorAll<HTMLElement>('a[href]') ?? [])];
    const focused = links.findIndex((link) => link === document.activeElement);
    const from = focused < 0 ? links.findIndex((link) => link.ariaCurrent === 'page') : focused;
    const next = links[from < 0 && step < 0 ? 0 : Math.min(from + step, links.length - 1)] ?? links[0];
    next?.focus();
  }

  function open() {
    const focused = document.activeElement;
    if (focused instanceof HTMLElement && list.current?.contains(focused)) focused.click();
  }

  useShortcuts({
    j: () => walk(1),
    k: () => walk(-1),
    o: open,
    '/': () => search.current?.focus(),
  });
}
