/** What the keys do to one open request. Nothing here decides by itself: `arm` only readies Approve. */
export interface CardKeys {
  arm?: (() => void) | undefined;
  reject?: (() => void) | undefined;
  edit?: (() => void) | undefined;
  /** Sends the form that is open, if it can be sent. */
  submit?: (() => void) | undefined;
  /** Marks the option at this place, counted from 0. */
  pick?: ((index: number) => void) | undefined;
}

export interface OpenCard {
  element: () => Element | null;
  keys: () => CardKeys;
}

const OPEN_CARD = '[data-slot="request-card"][data-state="pending"]';

const open = new Set<OpenCard>();

export function addCard(card: OpenCard): () => void {
  open.add(card);
  return () => open.delete(card);
}

function cardOf(entry: OpenCard): Element | null {
  return entry.element()?.closest(OPEN_CARD) ?? null;
}

/** A card and what is open in it may each know some of the keys. */
function keysIn(card: Element | undefined): CardKeys {
  if (!card) return {};
  const entries = [...open].filter((entry) => cardOf(entry) === card);
  return Object.assign({}, ...entries.map((entry) => entry.keys())) as CardKeys;
}

function cards(): Element[] {
  return [...new Set([...open].flatMap((entry) => cardOf(entry) ?? []))];
}

function focusedCard(): Element | undefined {
  return cards().find((card) => card.contains(document.activeElement));
}

/** Of the request that has the focus, or else of the only open one. */
export function keysOfCurrentCard(): CardKeys {
  const all = cards();
  return keysIn(focusedCard() ?? (all.length === 1 ? all[0] : undefined));
}

/** Sending what is typed asks for more: the focus must be in the request. */
export function submitFocusedCard(): void {
  keysIn(focusedCard()).submit?.();
}

/** Brings a request into view and puts the focus on its title, from where its keys act. */
export function goToCard(card: Element | null | undefined): void {
  card?.scrollIntoView({ block: 'start' });
  card?.querySelector<HTMLElement>('[tabindex="-1"]')?.focus({ preventScroll: true });
}

/** The open request before or after the one that has the focus; round at either end. */
export function nextCard(step: 1 | -1): Element | undefined {
  const all = [...document.querySelectorAll(OPEN_CARD)];
  const at = all.findIndex((card) => card.contains(document.activeElement));
  const from = at < 0 && step < 0 ? 0 : at;
  return all.at((from + step) % (all.length || 1));
}
