import { PenLine } from 'lucide-react';
import type { FeedbackRequest } from '@/api/types';
import { Words } from '@/components/exact-text';
import { Button } from '@/components/ui/button';
import { useOutOfView } from '@/hooks/use-out-of-view';
import { goToCard } from '@/lib/card-keys';
import { waitingWords } from '../model';

/** Stays above the composer while the oldest of what waits for the reader is scrolled away. */
export function PendingBand({ pending }: { pending: FeedbackRequest[] }) {
  const first = pending[0];
  const away = useOutOfView(first && `request-${first.id}`);
  if (!first || !away) return null;

  return (
    <div className="flex min-h-11 items-center gap-2 border-t-2 border-accent bg-accent-wash px-4 text-sm text-accent-strong">
      <PenLine aria-hidden className="size-4 shrink-0" />
      <span className="min-w-0 flex-1 truncate">
        {waitingWords(pending)}
        {pending.length === 1 && (
          <>
            : <Words text={first.title} />
          </>
        )}
      </span>
      <Button size="sm" onClick={() => goToCard(document.getElementById(`request-${first.id}`))}>
        View
      </Button>
    </div>
  );
}
