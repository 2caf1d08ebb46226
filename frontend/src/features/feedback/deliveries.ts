import type { Delivery, FeedbackRequest } from '@/api/types';
import { channelName, where } from '@/lib/channels';
import { moment } from '@/lib/time';
import { decided } from './model';

const LIST = new Intl.ListFormat('en');

/** Names the copies in the web chat that nobody has seen yet; undefined where there are none. */
export function unseenCopies(request: FeedbackRequest): string | undefined {
  if (request.status !== 'pending') return undefined;
  const copies = request.deliveries.filter(({ channel, status }) => channel === 'chat' && status === 'sent');
  return copies.map(({ person_id, round, step }) => [person_id, round, step].join(' ')).join() || undefined;
}

/** A dead letter because channels failed; one that only waits in the web chat for somebody to look is none. */
export function isLost({ status, dead_letter, deliveries }: FeedbackRequest): boolean {
  return status === 'pending' && dead_letter && deliveries.some((copy) => copy.status === 'failed');
}

/** The copies of each person's latest round: what was tried before it is history. */
function latest({ deliveries }: FeedbackRequest): Delivery[] {
  return deliveries.filter(
    (copy) => !deliveries.some((other) => other.person_id === copy.person_id && other.round > copy.round),
  );
}

/** "Slack: the token was revoked", one for each channel that was tried in vain. */
export function reasons(request: FeedbackRequest): string[] {
  const said = latest(request)
    .filter(({ status, error }) => status === 'failed' || error)
    .map(({ channel, error }) => `${channelName(channel)}: ${error ?? 'it could not be sent'}`);
  return [...new Set(said)];
}

const TROUBLED = new Set(['failed', 'retry_wait']);

/** "Slack and Email": where the request could be brought to nobody. */
export function troubled(request: FeedbackRequest): string {
  const copies = latest(request);
  const names = copies
    .filter(({ channel, status }) => channel !== 'chat' && TROUBLED.has(status))
    .filter(({ channel }) => !copies.some((copy) => copy.channel === channel && copy.sent_at))
    .map(({ channel }) => channelName(channel));
  return LIST.format(new Set(names));
}

/** "Also asked in Slack at 14:03, not answered": where else it lies, in a line; empty where it was nowhere else. */
export function elsewhere(request: FeedbackRequest, now = Date.now()): string {
  const sent = new Map(
    request.deliveries
      .filter(({ channel, sent_at }) => channel !== 'chat' && sent_at)
      .map(({ channel, sent_at }) => [channel, `${where(channel)} at ${moment(sent_at ?? '', now)}`]),
  );
  const open = request.status === 'pending';
  if (sent.size > 0) return `Also asked ${LIST.format(sent.values())}${open ? ', not answered' : ''}`;
  const others = request.deliveries.filter(({ channel }) => channel !== 'chat');
  if (others.length === 0) return '';
  const names = LIST.format(new Set(others.map(({ channel }) => channelName(channel))));
  const doing = (status: string) => open && others.some((copy) => copy.status === status);
  if (doing('queued') || doing('sending')) return `On its way to ${names}`;
  return doing('retry_wait') ? `Trying ${names} again` : `Tried ${names}`;
}

/** Whether mail may have come about it: one went out, or one answered it. */
export function mayHaveMails({ deliveries, response }: FeedbackRequest): boolean {
  return (
    response?.via === 'email' || deliveries.some(({ channel, sent_at }) => channel === 'email' && sent_at)
  );
}

export interface Entry {
  key: string;
  channel: string;
  /** Only where several people were asked. */
  person: string;
  text: string;
  error: string;
}

/** Every copy in the order they were made. */
export function trail(request: FeedbackRequest, now = Date.now()): Entry[] {
  const names = new Map(request.recipients.map(({ id, name }) => [id, name]));
  return request.deliveries.map((copy) => ({
    key: [copy.person_id, copy.round, copy.step].join(' '),
    channel: copy.channel,
    person: names.size > 1 ? (names.get(copy.person_id) ?? '') : '',
    text: [course(copy, now), copy.attempts > 1 && `${copy.attempts} tries`].filter(Boolean).join(', '),
    error: copy.error ?? '',
  }));
}

function course({ channel, status, attempts, sent_at, seen_at, settled_at }: Delivery, now: number): string {
  const at = (time: string | null | undefined) => (time ? ` ${moment(time, now)}` : '');
  if (status === 'queued') return 'waiting to be sent';
  if (status === 'sending') return 'being sent';
  if (status === 'retry_wait') return attempts > 0 ? 'failed, will be tried again' : 'held back for now';
  if (status === 'failed') return 'could not be sent';
  if (seen_at) return `seen${at(seen_at)}`;
  if (status === 'settled')
    return sent_at ? `sent${at(sent_at)}, closed${at(settled_at)}` : 'not needed any more';
  return channel === 'chat' ? `shown${at(sent_at)}, not seen yet` : `sent${at(sent_at)}`;
}

export interface Step {
  state: 'done' | 'now' | 'failed';
  text: string;
  at?: string;
}

/** How far a test on one channel has come: sent, seen, answered, or why not. */
export function testSteps(request: FeedbackRequest): Step[] {
  const copy = request.deliveries.at(-1);
  if (!copy) return [];
  if (!copy.sent_at) {
    if (copy.status === 'failed')
      return [{ state: 'failed', text: `Not sent: ${copy.error ?? 'no reason given'}` }];
    const failed = copy.attempts > 0 ? 'Failed, will be retried: ' : '';
    const again = copy.status === 'retry_wait' && `${failed}${copy.error ?? ''}`;
    return [{ state: 'now', text: again || 'Being sent' }];
  }
  const steps: Step[] = [{ state: 'done', text: 'Sent', at: copy.sent_at }];
  if (copy.seen_at) steps.push({ state: 'done', text: 'Seen', at: copy.seen_at });
  return [...steps, lastStep(request, copy)];
}

function lastStep({ status, response }: FeedbackRequest, copy: Delivery): Step {
  if (response) {
    return { state: 'done', text: decided(response.action, response.by, response.via), at: response.at };
  }
  if (status !== 'pending') return { state: 'failed', text: 'Nobody answered in time' };
  return {
    state: 'now',
    text: copy.channel === 'chat' && !copy.seen_at ? 'Not seen yet' : 'Not answered yet',
  };
}
