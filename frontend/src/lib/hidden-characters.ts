import { looksLike } from './look-alike';

/** Characters that change how a value reads without showing themselves: invisible, direction-changing, or control. */
const HIDDEN = /(?![\n\t ])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Zs}\p{Default_Ignorable_Code_Point}]/u;
/** In running text the spaces of good typesetting, and the joiners that other scripts are written with, are no trick. */
const TYPESETTING = /[\p{Zs}\u00ad]/u;
const JOINED = /^(?![\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}])[\p{L}\p{M}]$/u;
const PICTOGRAPH = /^\p{Extended_Pictographic}$/u;
const EMOJI_PART = /^[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f]$/u;

const NAMES: Record<string, string> = {
  '\u00a0': 'no-break space',
  '\u00ad': 'soft hyphen',
  '\u061c': 'Arabic letter mark',
  '\u200b': 'zero-width space',
  '\u200c': 'zero-width non-joiner',
  '\u200d': 'zero-width joiner',
  '\u200e': 'left-to-right mark',
  '\u200f': 'right-to-left mark',
  '\u202a': 'left-to-right embedding',
  '\u202b': 'right-to-left embedding',
  '\u202c': 'end of direction change',
  '\u202d': 'left-to-right override',
  '\u202e': 'right-to-left override',
  '\u2060': 'word joiner',
  '\u2066': 'left-to-right isolate',
  '\u2067': 'right-to-left isolate',
  '\u2068': 'first-strong isolate',
  '\u2069': 'end of isolate',
  '\ufeff': 'byte order mark',
};

export interface Piece {
  text: string;
  /** Set on a hidden or deceptive character: what it is, in words. */
  hidden?: string;
}

/** `exact` marks whatever a reader could miss; `prose` lets pass what ordinary writing in any language holds. */
export type Care = 'exact' | 'prose';

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

/** A joiner between two pictographs or the colour sign after one: parts of one visible emoji. */
function inEmoji(before: string, character: string, after: string): boolean {
  if (character === '\ufe0f') return PICTOGRAPH.test(before);
  return character === '\u200d' && EMOJI_PART.test(before) && PICTOGRAPH.test(after);
}

function isHidden(before: string, character: string, after: string, care: Care): boolean {
  if (!HIDDEN.test(character) || inEmoji(before, character, after)) return false;
  if (care === 'exact') return true;
  const joiner = character === '\u200c' || character === '\u200d';
  return !TYPESETTING.test(character) && !(joiner && JOINED.test(before));
}

/** The same as one string, for places that hold nothing but text. */
export function drawn(value: string): string {
  return reveal(value, 'prose')
    .map(({ text, hidden }) => (hidden ? `[${text}]` : text))
    .join('');
}

/** Splits a text so that every hidden character can be drawn as its code point, and every look-alike letter beside it. */
export function reveal(value: string, care: Care = 'exact'): Piece[] {
  const pieces: Piece[] = [];
  const characters = Array.from(value);
  const odd = looksLike(value);
  const first = care === 'exact' ? value.length - value.trimStart().length : 0;
  const last = care === 'exact' ? value.trimEnd().length : value.length;
  let plain = '';
  let at = 0;

  function mark(text: string, hidden: string) {
    if (plain) pieces.push({ text: plain });
    plain = '';
    pieces.push({ text, hidden });
  }

  for (const [index, character] of characters.entries()) {
    const code = codePoint(character);
    const script = odd.get(at);
    if (character === ' ' && (at < first || at >= last)) mark('␣', 'space at the edge');
    else if (isHidden(characters[index - 1] ?? '', character, characters[index + 1] ?? '', care)) {
      mark(code, NAMES[character] ?? `hidden character ${code}`);
    } else if (script) mark(`${character} ${code}`, `${script} letter that looks like a Latin one`);
    else plain += character;
    at += character.length;
  }
  if (plain || pieces.length === 0) pieces.push({ text: plain });
  return pieces;
}
