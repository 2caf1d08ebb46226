import { Hourglass } from 'lucide-react';
import { Strip } from './strip';

/** The server has lost its queue: what is due is found all the same, a little later. */
export function DegradedStrip({ degraded }: { degraded: boolean }) {
  return (
    <div role="status">
      {degraded && (
        <Strip icon={<Hourglass aria-hidden />}>
          Assent is working more slowly for now. Nothing is lost, and you can decide as usual.
        </Strip>
      )}
    </div>
  );
}
