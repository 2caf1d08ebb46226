import { useRouteError } from 'react-router';
import { Button } from '@/components/ui/button';
import { CopyButton } from '@/components/ui/copy-button';

/** Nothing to see for the moment it takes to load a screen. */
export function Loading() {
  return <div className="min-h-dvh" aria-busy="true" />;
}

/** A fault in the page itself. */
export function Broken() {
  const error = useRouteError();
  const details =
    error instanceof Error ? `${error.name}: ${error.message}\n${error.stack ?? ''}` : String(error);
  return (
    <main className="mx-auto grid min-h-dvh max-w-[480px] content-center gap-4 p-6">
      <h1 className="text-xl font-semibold">This page broke</h1>
      <p className="text-ink-2">
        Nothing was decided or lost on the server, and what you typed is kept. Loading again usually helps.
      </p>
      <div className="flex gap-2">
        <Button variant="primary" onClick={() => window.location.reload()}>
          Load again
        </Button>
        <CopyButton text={details} label="Copy details" size="md" />
      </div>
    </main>
  );
}
