import type { Field, FieldType, Option } from '@/api/types';
import { typed, type Values } from './model';

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
const BY_FORMAT: Record<string, FieldType> = { date: 'date', email: 'email', uri: 'url' };

function fieldType(schema: PropertySchema, value: unknown): EditField['type'] {
  if (Array.isArray(schema.enum) && schema.enum.every((option) => typeof option === 'string')) return 'enum';
  const type = typeof schema.type === 'string' ? schema.type : typeof value;
  const flat = BY_TYPE[type];
  if (!flat || (value !== undefined && typeof value === 'object')) return 'json';
  if (flat !== 'text') return flat;
  const formatted = typeof schema.format === 'string' ? BY_FORMAT[schema.format] : undefined;
  return (
    formatted ??
    (typeof value === 'string' && (value.length > 60 || value.includes('\n')) ? 'long_text' : 'text')
  );
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
  return typeof field.value === 'string' ? field.value : JSON.stringify(field.value, null, 2);
}

export interface Edited {
  values: Values;
  errors: Record<string, string>;
  changed: string[];
}

function parse(field: EditField, text: string): unknown {
  if (field.type === 'json' || field.type === 'boolean') return JSON.parse(text) as unknown;
  if (field.type !== 'number' && field.type !== 'integer') return text;
  const number = Number(text);
  const valid =
    text.trim() !== '' && Number.isFinite(number) && (field.type === 'number' || Number.isInteger(number));
  if (!valid) throw new TypeError(text);
  return number;
}

const COMPLAINT: Partial<Record<EditField['type'], string>> = {
  json: 'This is not valid JSON.',
  number: 'Enter a number.',
  integer: 'Enter a whole number.',
};

/** The arguments as edited. An untouched one keeps its exact value. */
export function edited(fields: EditField[], texts: Record<string, string>): Edited {
  const values: [string, unknown][] = [];
  const errors: [string, string][] = [];
  const changed: string[] = [];
  for (const field of fields) {
    const text = typed(texts, field.name);
    if (text === undefined || text === editText(field)) {
      if (field.value !== undefined) values.push([field.name, field.value]);
      continue;
    }
    changed.push(field.name);
    if (text === '' && !field.required && field.type !== 'text' && field.type !== 'long_text') continue;
    try {
      values.push([field.name, parse(field, text)]);
    } catch {
      errors.push([field.name, COMPLAINT[field.type] ?? 'This value cannot be used.']);
    }
  }
  // From entries, because assigning to a name such as __proto__ would lose it.
  return { values: Object.fromEntries(values), errors: Object.fromEntries(errors), changed };
}
