import { createStore } from './store';
import { storage } from './storage';

/** What each key, or sequence such as `g s`, does. `Mod+Enter` is Ctrl or Cmd with Enter. */
export type Bindings = Record<string, (() => void) | undefined>;

const SETTING = 'assent.shortcuts';
/** How long the first key of a sequence waits for the second. */
const REQUEST_TIMEOUT_MS = 1500;
const TYPES_TEXT =
  'input:not([type=radio], [type=checkbox], [type=button]), textarea, select, [contenteditable]:not([contenteditable=false])';
const OPEN_OVER_PAGE = 'dialog[open], [role=dialog], [role=alertdialog], [role=menu]';

/** Single letters can be in the way of speech input, so they can be turned off. */
export const shortcutsOn = createStore(storage.get(SETTING) !== 'off');

export function turnShortcuts(on: boolean): void {
  storage.set(SETTING, on ? null : 'off');
  shortcutsOn.set(on);
}

const sources = new Set<() => Bindings>();
let begun: { key: string; at: number } | undefined;

/** Adds bindings as long as they are wanted; of two for the same key the later one acts. */
export function addBindings(source: () => Bindings): () => void {
  if (sources.size === 0) window.addEventListener('keydown', onKeyDown);
  sources.add(source);
  return () => {
    sources.delete(source);
    if (sources.size === 0) window.removeEventListener('keydown', onKeyDown);
  };
}

function nameOf(event: KeyboardEvent): string | undefined {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !event.altKey) return 'Mod+Enter';
  return event.ctrlKey || event.metaKey || event.altKey ? undefined : event.key;
}

/** Somebody else's key: typed into a field, part of a composition, handled already, or meant for what lies over the page. */
function isTaken(event: KeyboardEvent, name: string): boolean {
  // 229: Safari reports the key that ends a composition after `isComposing` is over.
  if (event.defaultPrevented || event.isComposing || event.keyCode === 229) return true;
  const typing = event.target instanceof Element && event.target.closest(TYPES_TEXT) !== null;
  return (typing && name !== 'Mod+Enter') || document.querySelector(OPEN_OVER_PAGE) !== null;
}

function onKeyDown(event: KeyboardEvent): void {
  const name = nameOf(event);
  if (!name || !shortcutsOn.get() || isTaken(event, name)) return;
  const bindings: Bindings = Object.assign({}, ...[...sources].map((source) => source()));
  const sequence =
    begun && event.timeStamp - begun.at < REQUEST_TIMEOUT_MS ? `${begun.key} ${name}` : undefined;
  begun = undefined;
  const act = (sequence && bindings[sequence]) || bindings[name];
  if (act) {
    event.preventDefault();
    act();
  } else if (Object.keys(bindings).some((key) => key.startsWith(`${name} `))) {
    begun = { key: name, at: event.timeStamp };
  }
}
