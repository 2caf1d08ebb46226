import type { Field, FieldType, Option } from '@/api/types';
import {
  isInteger,
  isNumber,
  jsonText,
  readJson as parseTyped,
  readInteger,
  readNumber,
} from '@/lib/exact-json';
import { sentence, typed, type Values } from './model';

interface PropertySchema {
  type?: unknown;
  enum?: unknown;
  format?: unknown;
  description?: unknown;
}

/** An argument as an editable field, or `json` where the flat field types cannot hold it. */
export type EditField = Omit<Field, 'type'> & { type: FieldType | 'json' };

const BY_TYPE: Record<string, FieldType> = {
  string: 'text',
  number: 'number',
  integer: 'integer',
  boolean: 'boolean',
};
const DAY = /^\d{4}-\d\d-\d\d$/;

/** The kind a value is of, as mail and Slack tell it (`channels/call_arguments.py`); an argument that is not there has its schema's. */
function fieldType(schema: PropertySchema, value: unknown): EditField['type'] {
  if (value === undefined) return isOneOf(schema) ? 'enum' : (BY_TYPE[String(schema.type)] ?? 'json');
  if (typeof value === 'boolean') return 'boolean';
  if (isNumber(value)) return isInteger(value) && schema.type !== 'number' ? 'integer' : 'number';
  if (typeof value !== 'string') return 'json';
  if (isOneOf(schema) && (schema.enum as string[]).includes(value)) return 'enum';
  // A browser's text fields change these characters, as its fields for mail and web addresses cut blanks at the ends.
  if (value.includes('\r')) return 'json';
  if (schema.format === 'date' && DAY.test(value)) return 'date';
  return value.length > 60 || value.includes('\n') ? 'long_text' : 'text';
}

function isOneOf(schema: PropertySchema): boolean {
  return Array.isArray(schema.enum) && schema.enum.every((option) => typeof option === 'string');
}

function options(schema: PropertySchema): Option[] | undefined {
  return Array.isArray(schema.enum)
    ? schema.enum.map((one) => ({ value: String(one), label: String(one) }))
    : undefined;
}

/** One field per argument: those proposed first, then the optional ones the tool also takes. */
export function editFields(args: Values, schema: Record<string, unknown> | null | undefined): EditField[] {
  const properties = (schema?.properties ?? {}) as Record<string, PropertySchema>;
  const required = Array.isArray(schema?.required) ? schema.required.map(String) : [];
  const names = [...new Set([...Object.keys(args), ...Object.keys(properties)])];
  return names.map((name) => {
    const property = typed(properties, name) ?? {};
    return {
      name,
      type: fieldType(property, typed(args, name)),
      required: required.includes(name),
      description: typeof property.description === 'string' ? property.description : '',
      options: options(property),
      value: typed(args, name),
    };
  });
}

export function editText(field: EditField): string {
  if (field.value === undefined) return '';
  return typeof field.value === 'string' && field.type !== 'json' ? field.value : jsonText(field.value, 2);
}

export interface Edited {
  /** What is to be another, by name; every other argument stays as it was proposed. */
  edits: Values;
  errors: Record<string, string>;
  changed: string[];
}

function read(field: EditField, text: string): unknown {
  if (field.type === 'text' || field.type === 'long_text' || field.type === 'enum') return text;
  if (text.trim() === '')
    throw new RangeError('needs a value: an argument can be changed, and not taken out');
  if (field.type === 'integer') return readInteger(text);
  if (field.type === 'number') return readNumber(text);
  if (field.type === 'boolean') return text === 'true';
  return field.type === 'json' ? readJson(text) : text;
}

function readJson(text: string): unknown {
  try {
    return parseTyped(text);
  } catch {
    throw new RangeError('must be JSON');
  }
}

/** What somebody changed, by name, and what is in the way of it. */
export function edited(fields: EditField[], texts: Record<string, string>): Edited {
  const edits: [string, unknown][] = [];
  const errors: [string, string][] = [];
  const changed: string[] = [];
  for (const field of fields) {
    const text = typed(texts, field.name);
    if (text === undefined || text === editText(field)) continue;
    changed.push(field.name);
    try {
      edits.push([field.name, read(field, text)]);
    } catch (error) {
      errors.push([field.name, sentence((error as RangeError).message)]);
    }
  }
  // From entries, because assigning to a name such as __proto__ would lose it.
  return { edits: Object.fromEntries(edits), errors: Object.fromEntries(errors), changed };
}
