import { cn } from '@/lib/cn';
import { useDelayed } from '@/hooks/use-delayed';

/** Lines of the final size. Invisible for the first 300 ms, so that quick answers never flicker. */
export function Skeleton({
  lines,
  label,
  className,
}: {
  lines: number[];
  label: string;
  className?: string;
}) {
  const shown = useDelayed(300);
  return (
    <div role="status" aria-label={label} className={cn('grid gap-3', !shown && 'invisible', className)}>
      {lines.map((width, index) => (
        <div
          // eslint-disable-next-line react/no-array-index-key
          key={index}
          className="h-3 animate-breathe rounded-sm bg-rule"
          style={{ width: `${width}%` }}
        />
      ))}
    </div>
  );
}
