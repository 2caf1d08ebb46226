import type { Action, By, Field, FeedbackRequest, FeedbackType, Requester } from '@/api/types';
import { where } from '@/lib/channels';
import { isNumber, jsonText, readInteger, readNumber } from '@/lib/exact-json';

export type Values = Record<string, unknown>;

export interface Answer {
  action: string;
  values?: Values;
  feedback?: string;
}

/** What somebody has typed or picked and not sent. */
export interface Draft {
  choice: string[];
  text: string;
  values: Record<string, string | boolean | string[]>;
  args?: Record<string, string>;
  reason: string;
}

export const emptyDraft: Draft = { choice: [], text: '', values: {}, reason: '' };

export const kindLabel: Record<FeedbackType, string> = {
  confirmation: 'Approval',
  choice: 'Choice',
  text: 'Question',
  form: 'Form',
  checkpoint: 'Review',
};

/** What the reader is asked to give. */
export const neededLabel: Record<FeedbackType, string> = {
  confirmation: 'Approval needed',
  choice: 'Choice needed',
  text: 'Answer needed',
  form: 'Form to fill in',
  checkpoint: 'Review needed',
};

const DONE: Record<string, string> = {
  approve: 'Approved',
  reject: 'Rejected',
  edit: 'Approved with changes',
  submit: 'Answered',
  decline: 'Declined',
  continue: 'Continued',
  stop: 'Stopped',
  revise: 'Sent back for revision',
  skip: 'Skipped',
};

export type Tone = 'good' | 'bad' | 'neutral';

const TONES: Record<string, Tone> = {
  approve: 'good',
  edit: 'good',
  submit: 'good',
  continue: 'good',
  reject: 'bad',
  stop: 'bad',
};

export interface Signature {
  tone: Tone;
  /** "Approved by Dana in the web app" */
  text: string;
  at?: string;
  /** When the mail that decided was sent. */
  sent?: string;
}

export function decided(action: string, by: By, via: string): string {
  return `${DONE[action] ?? `Answered with "${action}"`} by ${by.name} ${where(via)}`;
}

/** The line under a settled document: who, where and when, or why nobody signed. */
export function signature(request: FeedbackRequest): Signature | undefined {
  const { response, status, closed } = request;
  if (status === 'answered' && response) {
    return {
      tone: TONES[response.action] ?? 'neutral',
      text: decided(response.action, response.by, response.via),
      at: response.at,
      ...(response.sent_at && { sent: response.sent_at }),
    };
  }
  if (status === 'expired') {
    const at = closed?.at ?? request.due_at ?? undefined;
    return {
      tone: 'neutral',
      text: `Nobody answered in time${outcomeOfTimeout(request)}`,
      ...(at && { at }),
    };
  }
  if (status === 'cancelled') {
    return { tone: 'neutral', text: withdrawn(closed), ...(closed && { at: closed.at }) };
  }
  return undefined;
}

function withdrawn(closed: FeedbackRequest['closed']): string {
  if (!closed?.by && !closed?.why) return 'Withdrawn before anybody answered';
  const by = closed.by ? ` by ${closed.by.name}` : '';
  return `Withdrawn${by}${closed.why ? `: ${closed.why}` : ''}`;
}

function timeoutAction(request: FeedbackRequest): string {
  const rule = request.on_timeout;
  if (typeof rule === 'string') return rule;
  return typeof rule.action === 'string' ? rule.action : '';
}

function outcomeOfTimeout(request: FeedbackRequest): string {
  const done = DONE[timeoutAction(request)];
  return done ? `, so it was ${done.toLowerCase()}` : '';
}

const THEN: Record<string, string> = {
  approve: 'it is approved',
  reject: 'it is rejected',
  decline: 'it counts as declined',
  submit: 'the answer given in advance is used',
  skip: 'this review is skipped',
  continue: 'the run continues',
  stop: 'the run stops',
};

/** "it is rejected": what happens when nobody answers. */
export function consequence(request: FeedbackRequest): string {
  return THEN[timeoutAction(request)] ?? 'the run goes on without an answer';
}

export interface Fact {
  name: string;
  value: string;
  type: string;
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  if (isNumber(value)) return 'number';
  return typeof value;
}

/** The exact arguments, in the order they were given; text stands as it is, everything else as JSON. */
export function facts(args: Values): Fact[] {
  return Object.entries(args).map(([name, value]) => ({
    name,
    value: typeof value === 'string' ? value : jsonText(value, 2),
    type: typeName(value),
  }));
}

/** The call as JSON, byte for byte what "Copy" gives. */
export function callJson({ tool, args }: Action): string {
  return jsonText({ tool, args }, 2);
}

/** Why this reader cannot decide; undefined for somebody who was asked. */
export function notAsked(request: FeedbackRequest, me: string | undefined): string | undefined {
  if (me === undefined || request.to.includes(me)) return undefined;
  if (request.to.length === 0) {
    return 'Nobody can decide this any more: the people who were asked are no longer allowed to, or were disabled.';
  }
  return `Only ${request.recipients.map(({ name }) => name).join(' or ')} can decide this.`;
}

/** The call on one line, for a folded document; the whole of it is inside. */
export function callLine(action: Action): string {
  const args = facts(action.args).map(({ name, value }) => `${name} ${value.replaceAll(/\s+/g, ' ')}`);
  return [action.tool, ...args].join(' · ');
}

/** Who asks, told apart by a mark: a name is only what somebody chose. */
export const askerLabel: Record<Requester['kind'], string> = {
  agent: 'Agent',
  person: 'Person',
  program: 'Program',
};

/** Who asks; a frame of a time before says no more than whether a run did. */
export function requesterOf(request: FeedbackRequest): Requester {
  const { requester, run_id, requested_by } = request;
  return requester ?? { kind: run_id ? 'agent' : 'program', id: null, name: requested_by };
}

const RISK_WORDS = { tool: 'declared by the tool', asker: 'the asker’s own claim' };

/** Whose word the risk is: the tool's declaration on this server, or a claim about one's own call. */
export function riskWord(request: FeedbackRequest): string {
  return RISK_WORDS[request.action?.risk_by ?? (request.run_id ? 'tool' : 'asker')];
}

export const riskLabel: Record<Action['risk'], string> = {
  low: 'Low risk',
  medium: 'Medium risk',
  high: 'High risk',
};

/** What stands under `name` in what somebody typed; names are the agent's, so `constructor` is one like any other. */
export function typed<T>(record: Record<string, T> | undefined, name: string): T | undefined {
  return record && Object.hasOwn(record, name) ? record[name] : undefined;
}

/** What a field shows before anybody types. */
export function initialValue(field: Field): string | boolean | string[] {
  if (field.type === 'boolean') return field.value === true;
  if (field.type === 'multi_enum') return Array.isArray(field.value) ? field.value.map(String) : [];
  if (field.value === undefined || field.value === null) return '';
  return field.type === 'datetime' ? toLocalInput(String(field.value)) : String(field.value);
}

function toLocalInput(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** The agent has put something in already. */
export function isSuggested({ value }: Field): boolean {
  return value !== undefined && value !== null && value !== '' && value !== false;
}

const READERS = { integer: readInteger, number: readNumber };

/** The typed value of one field as the contract wants it; undefined leaves it out. */
function fieldValue(field: Field, raw: string | boolean | string[]): unknown {
  if (typeof raw !== 'string') return raw;
  if (raw === '') return undefined;
  if (field.type === 'number' || field.type === 'integer') {
    return raw === initialValue(field) ? field.value : READERS[field.type](raw);
  }
  if (field.type === 'datetime') {
    const date = new Date(raw);
    return Number.isNaN(date.getTime()) ? raw : date.toISOString();
  }
  return raw;
}

export type Errors = Record<string, string>;

/** Only what a person sees at once without the server: something required is missing, a number is none. */
export function formErrors(fields: Field[], raw: Draft['values']): Errors {
  const errors: Errors = {};
  for (const field of fields) {
    const value = typed(raw, field.name) ?? initialValue(field);
    const missing = value === '' || (Array.isArray(value) && value.length === 0);
    if (missing && field.required) errors[field.name] = 'This is needed.';
    try {
      if (typeof value === 'string') fieldValue(field, value);
    } catch (error) {
      errors[field.name] = sentence((error as RangeError).message);
    }
  }
  return errors;
}

/** The reader's words, under the field they are about. */
export function sentence(message: string): string {
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
}

export function formValues(fields: Field[], raw: Draft['values']): Values {
  const entries = fields.map((field) => [
    field.name,
    fieldValue(field, typed(raw, field.name) ?? initialValue(field)),
  ]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** A draft in words, for somebody whose answer came too late to copy. Empty when nothing was typed. */
export function draftText(draft: Draft): string {
  const parts = [draft.text, draft.reason, draft.choice.join(', ')];
  for (const [name, value] of Object.entries({ ...draft.values, ...draft.args })) {
    if (value !== '' && !(Array.isArray(value) && value.length === 0))
      parts.push(`${name}: ${String(value)}`);
  }
  return parts.filter((part) => part.trim() !== '').join('\n');
}
