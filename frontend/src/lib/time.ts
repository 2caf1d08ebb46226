const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const clockFormat = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});
const dayFormat = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const dayYearFormat = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' });
const fullFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });

function midnight(time: number): number {
  return new Date(time).setHours(0, 0, 0, 0);
}

/** 14:03 */
export function clock(iso: string): string {
  return clockFormat.format(new Date(iso));
}

/** Today, Yesterday, 3 Nov, 3 Nov 2025 */
export function day(iso: string, now = Date.now()): string {
  const date = new Date(iso);
  const days = Math.round((midnight(now) - midnight(date.getTime())) / DAY);
  if (days === 0) return 'Today';
  if (days === 1) return 'Yesterday';
  return (date.getFullYear() === new Date(now).getFullYear() ? dayFormat : dayYearFormat).format(date);
}

/** 14:03 today, otherwise with its day: "3 Nov, 14:03". */
export function moment(iso: string, now = Date.now()): string {
  const name = day(iso, now);
  return name === 'Today' ? clock(iso) : `${name === 'Yesterday' ? 'yesterday' : name}, ${clock(iso)}`;
}

/** The shortest that still tells: "now", "4 min", 14:03, Yesterday, 3 Nov. */
export function brief(iso: string, now = Date.now()): string {
  const age = now - Date.parse(iso);
  if (age < MINUTE) return 'now';
  if (age < 60 * MINUTE) return `${Math.floor(age / MINUTE)} min`;
  const name = day(iso, now);
  return name === 'Today' ? clock(iso) : name;
}

export function full(iso: string): string {
  return fullFormat.format(new Date(iso));
}

/** "in 14 min", "in 2 h 5 min", "in 40 s"; empty once it has passed. */
export function remaining(iso: string, now = Date.now()): string {
  const left = Date.parse(iso) - now;
  if (left <= 0) return '';
  if (left < MINUTE) return `in ${Math.ceil(left / 1000)} s`;
  const minutes = Math.floor(left / MINUTE);
  if (minutes < 60) return `in ${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `in ${hours} h ${minutes % 60} min` : `in ${hours} h`;
  return `in ${Math.floor(hours / 24)} days`;
}

/** "40 seconds", "2 minutes" */
export function duration(seconds: number): string {
  if (seconds < 90) return seconds === 1 ? '1 second' : `${seconds} seconds`;
  return `${Math.ceil(seconds / 60)} minutes`;
}
