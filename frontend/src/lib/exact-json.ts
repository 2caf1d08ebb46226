import { LosslessNumber, parse, stringify } from 'lossless-json';

/**
 * JSON with every number as it was written, and numbers as people type them. JavaScript's own reader rounds: what stands on
 * a card would not be what runs. The twin of `channels/exact_numbers.py`; `tests/support/number_cases.json` holds both to the same results.
 */

const BLANKS = /^[ \t\r\n]+|[ \t\r\n]+$/g;
const MAX_DIGITS = 100;
const SHOWN = 60;
const INTEGER = /^-?(?:0|[1-9][0-9]*)$/;
const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;
const THOUSANDS = /^(-?[1-9][0-9]{0,2})\.([0-9]{3})$/;

const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g;
/** No text begins like this: it cannot hold NUL, and nobody outside knows the rest. */
const MARK = `\u0000${Math.random()} `;

/** A number that JavaScript would write differently is kept as its text; every other one is an ordinary number. */
function number(text: string): number | LosslessNumber {
  return String(Number(text)) === text ? Number(text) : new LosslessNumber(text);
}

/** What a person wrote as JSON. Throws also where a name stands twice in an object. */
export function readJson(text: string): unknown {
  return parse(text, null, number);
}

/**
 * What the server wrote. The engine's own parser does the work, twenty times as fast as one written in JavaScript: numbers it
 * would round go through it as marked strings.
 */
export function parseJson(text: string): unknown {
  let marked = false;
  function mark(token: string): string {
    if (token.startsWith('"') || String(Number(token)) === token || !NUMBER.test(token)) return token;
    marked = true;
    return JSON.stringify(MARK + token);
  }
  try {
    const safe = text.replaceAll(TOKEN, mark);
    return marked ? JSON.parse(safe, unmark) : JSON.parse(text);
  } catch (error) {
    if (error instanceof RangeError) return readJson(text); // one string of megabytes, all of it escapes
    throw error;
  }
}

function unmark(_name: string, value: unknown): unknown {
  return typeof value === 'string' && value.startsWith(MARK)
    ? new LosslessNumber(value.slice(MARK.length))
    : value;
}

export function jsonText(value: unknown, indent?: number): string {
  return stringify(value, null, indent) ?? 'null';
}

export function isNumber(value: unknown): value is number | LosslessNumber {
  return typeof value === 'number' || value instanceof LosslessNumber;
}

export function isInteger(value: unknown): boolean {
  return isNumber(value) && INTEGER.test(String(value));
}

/** The whole number that a text is, as JSON. Throws naming what was written. */
export function readInteger(text: string): number | LosslessNumber {
  const plain = text.replaceAll(BLANKS, '');
  if (!INTEGER.test(plain)) {
    throw new RangeError(`must be a whole number in plain digits such as 1200; ${quoted(text)} is not`);
  }
  return number(whole(plain));
}

/** The number that a text is, as JSON. Throws also where it may mean two numbers, or cannot be kept to the digit. */
export function readNumber(text: string): number | LosslessNumber {
  const plain = text.replaceAll(BLANKS, '');
  if (!NUMBER.test(plain)) {
    throw new RangeError(`must be a number such as 1200 or 12.5; ${quoted(text)} is not`);
  }
  if (INTEGER.test(plain)) return number(whole(plain));
  const grouped = THOUSANDS.exec(plain);
  if (grouped) {
    const thousands = `${grouped[1]}${grouped[2]}`;
    throw new RangeError(`${quoted(text)} may mean thousands: write ${thousands}, or ${plain}0`);
  }
  return number(decimal(plain));
}

function whole(text: string): string {
  if (text.replace(/^-/, '').length > MAX_DIGITS) {
    throw new RangeError(`${quoted(text)} has more than ${MAX_DIGITS} digits`);
  }
  return text === '-0' ? '0' : text;
}

function decimal(text: string): string {
  const value = Number(text);
  if (!Number.isFinite(value)) throw new RangeError(`${quoted(text)} is too large`);
  if (significant(text) !== significant(String(value))) {
    throw new RangeError(`${quoted(text)} has more digits than can be kept; the nearest is ${kept(value)}`);
  }
  return Number.isSafeInteger(value) ? String(value) : kept(value);
}

/** Sign, digits and power of ten of a number without the zeros that add nothing: equal for equal numbers. */
function scientific(text: string): { sign: string; digits: string; power: number } {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().replace(/^-/, '').split('e');
  const [integer = '', fraction = ''] = mantissa.split('.');
  const digits = (integer + fraction).replace(/^0+/, '');
  return {
    sign: text.startsWith('-') ? '-' : '',
    digits: digits.replace(/0+$/, ''),
    power: Number(exponent) - fraction.length + digits.length - 1,
  };
}

function significant(text: string): string {
  const { sign, digits, power } = scientific(text);
  return digits === '' ? '0' : `${sign}${digits}e${power}`;
}

/** A decimal as the server writes it, which is what an approval is bound to: 1e+16, 1e-05, 100.0. */
function kept(value: number): string {
  const { sign, digits, power } = scientific(String(value));
  if (digits === '') return '0.0';
  if (power < -4 || power >= 16) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
    const exponent = String(Math.abs(power)).padStart(2, '0');
    return `${sign}${digits.slice(0, 1)}${fraction}e${power < 0 ? '-' : '+'}${exponent}`;
  }
  if (power < 0) return `${sign}0.${'0'.repeat(-power - 1)}${digits}`;
  const padded = digits.padEnd(power + 1, '0');
  return `${sign}${padded.slice(0, power + 1)}.${padded.slice(power + 1) || '0'}`;
}

function quoted(text: string): string {
  const characters = Array.from(text);
  return characters.length <= SHOWN ? `"${text}"` : `"${characters.slice(0, SHOWN).join('')}…"`;
}
