import { CircleArrowUp } from 'lucide-react';
import { Banner } from './banner';
import { Button } from './ui/button';

/** Loading it is the reader's to decide: nothing here reloads by itself. */
export function NewVersionBanner({ ready }: { ready: boolean }) {
  return (
    <div role="status">
      {ready && (
        <Banner icon={<CircleArrowUp aria-hidden />}>
          A new version is ready. What you typed is kept.
          <Button size="sm" onClick={() => window.location.reload()}>
            Reload
          </Button>
        </Banner>
      )}
    </div>
  );
}
