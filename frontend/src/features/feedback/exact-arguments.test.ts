import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { jsonText } from '@/lib/exact-json';
import { reveal, type Piece } from '@/lib/hidden-characters';
import { parseFrame } from '@/live/frames';
import { asText } from '@/features/run/model';
import { edited, editFields, editText } from './edited-arguments';
import { callJson, facts } from './model';

interface Line {
  frame: string;
  facts: [string, string][];
  args: string;
  json: string;
}

// tests/backend/worker/test_exact_calls.py runs this over the frames of thousands of calls, and says what must be shown.
const file =
  process.env.PROPOSED ?? resolve(import.meta.dirname, '../../../../tests/support/proposed_calls.jsonl');
const lines = readFileSync(file, 'utf8').trim().split('\n');

/** The characters behind what is drawn. */
function meant({ text, hidden }: Piece): string {
  if (!hidden) return text;
  if (text === '␣') return ' ';
  return text.startsWith('U+')
    ? String.fromCodePoint(Number.parseInt(text.slice(2), 16))
    : Array.from(text)[0]!;
}

test(`each of ${lines.length} calls is shown and left alone to the byte`, () => {
  for (const each of lines) {
    const line = JSON.parse(each) as Line;
    const frame = parseFrame(line.frame);
    if (frame?.type !== 'request_confirmation' || !frame.request.action) throw new Error(line.frame);
    const { action } = frame.request;
    expect(facts(action.args).map(({ name, value }) => [name, value])).toEqual(line.facts);
    expect(callJson(action)).toBe(line.json);
    expect(reveal(line.json).map(meant).join('')).toBe(line.json);
    expect(asText({ tool: action.tool, args: action.args })).toBe(line.json);
    const fields = editFields(action.args, action.schema);
    const untouched = Object.fromEntries(fields.map((field) => [field.name, editText(field)]));
    expect(edited(fields, untouched)).toEqual({ edits: {}, errors: {}, changed: [] });
    expect(jsonText(action.args)).toBe(line.args);
  }
});
