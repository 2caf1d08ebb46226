import type { Channel, ChannelType } from '@/api/types';
import { channelName } from '@/lib/channels';
import { moment } from '@/lib/time';

/** One channel of the order as the server is told it. */
export interface Wish {
  type: ChannelType;
  enabled: boolean;
  wait_seconds: number;
}

/** Where to ask about one session; `auto` is the person's own order. */
export type SessionChoice = ChannelType | 'auto';

export function isSessionChoice(value: string): value is SessionChoice {
  return ['auto', 'chat', 'slack', 'email'].includes(value);
}

const MINUTE_S = 60;
export const LONGEST_WAIT = 7 * 24 * 60;

export function wishesOf(channels: Channel[]): Wish[] {
  return channels.map(({ type, enabled, wait_seconds }) => ({ type, enabled, wait_seconds }));
}

/** The channels as they will be once these wishes are kept. */
export function arranged(channels: Channel[], wishes: Wish[]): Channel[] {
  const known = new Map(channels.map((channel) => [channel.type, channel]));
  return wishes.flatMap((wish) => {
    const channel = known.get(wish.type);
    return channel ? [{ ...channel, ...wish }] : [];
  });
}

/** The order with one channel moved to another place; places count from 0. */
export function moved(wishes: Wish[], from: number, to: number): Wish[] {
  const wish = wishes[from];
  if (!wish || to < 0 || to >= wishes.length) return wishes;
  return wishes.toSpliced(from, 1).toSpliced(to, 0, wish);
}

export function changed(wishes: Wish[], type: ChannelType, change: Partial<Wish>): Wish[] {
  return wishes.map((wish) => (wish.type === type ? { ...wish, ...change } : wish));
}

/** "position 2 of 3" */
export function position(channels: { type: string }[], type: string): string {
  return `position ${channels.findIndex((channel) => channel.type === type) + 1} of ${channels.length}`;
}

export interface Standing {
  tone: 'good' | 'bad' | 'neutral';
  text: string;
}

/** How a channel is doing, in words. */
export function standing(channel: Channel, now = Date.now()): Standing {
  if (!channel.set_up) return { tone: 'neutral', text: 'Not set up on this server' };
  if (!channel.linked && channel.error) return { tone: 'bad', text: channel.error };
  if (!channel.linked) return { tone: 'neutral', text: 'Not linked' };
  if (channel.status === 'connected') {
    return { tone: 'good', text: channel.type === 'chat' ? 'Working, always on' : 'Working' };
  }
  const since = channel.failing_since ? ` since ${moment(channel.failing_since, now)}` : '';
  return { tone: 'bad', text: `Failing${since}${channel.error ? `: ${channel.error}` : ''}` };
}

/** Whether somebody can be asked there now. */
export function isReachable({ set_up, linked }: Channel): boolean {
  return set_up && linked;
}

/** Whether an account of the reader's can be tied to it now; without a mailbox there is nothing to write from. */
export function isLinkable({ set_up, linked, error }: Channel): boolean {
  return set_up && !linked && !error;
}

/** "Slack (@dana)" */
export function nameWithAccount({ type, account }: Channel): string {
  return account ? `${channelName(type)} (${account})` : channelName(type);
}

export function minutesOf(seconds: number): string {
  return String(Math.round((seconds / MINUTE_S) * 100) / 100);
}

/** Seconds of a wait typed in minutes; undefined when it is none that can be kept. */
export function secondsOf(minutes: string): number | undefined {
  const number = Number(minutes);
  const fits = minutes.trim() !== '' && number >= 0 && number <= LONGEST_WAIT;
  return fits ? number * MINUTE_S : undefined;
}

/** "Web chat, then Slack": the order as far as somebody is asked in it. */
export function orderInWords(channels: Channel[]): string {
  return channels
    .filter((channel) => isReachable(channel) && channel.enabled)
    .map(({ type }) => channelName(type))
    .join(', then ');
}
