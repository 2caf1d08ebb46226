import { CircleArrowUp } from 'lucide-react';
import { Strip } from './strip';
import { Button } from './ui/button';

/** Loading it is the reader's to decide: nothing here reloads by itself. */
export function NewVersionStrip({ ready }: { ready: boolean }) {
  return (
    <div role="status">
      {ready && (
        <Strip icon={<CircleArrowUp aria-hidden />}>
          A new version is ready. What you typed is kept.
          <Button size="sm" onClick={() => window.location.reload()}>
            Reload
          </Button>
        </Strip>
      )}
    </div>
  );
}
