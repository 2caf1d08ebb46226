import { Hourglass } from 'lucide-react';
import { Banner } from './banner';

/** The server has lost its queue: what is due is found all the same, a little later. */
export function DegradedBanner({ degraded }: { degraded: boolean }) {
  return (
    <div role="status">
      {degraded && (
        <Banner icon={<Hourglass aria-hidden />}>
          Assent is working more slowly for now. Nothing is lost, and you can decide as usual.
        </Banner>
      )}
    </div>
  );
}
