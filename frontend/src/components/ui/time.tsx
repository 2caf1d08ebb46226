import { clock, full, moment } from '@/lib/time';

/** A time people can read, with the whole date in the tooltip and for machines. */
export function Time({ at, as = 'moment' }: { at: string; as?: 'clock' | 'moment' }) {
  return (
    <time dateTime={at} title={full(at)} className="whitespace-nowrap">
      {as === 'clock' ? clock(at) : moment(at)}
    </time>
  );
}
