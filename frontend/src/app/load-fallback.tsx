import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useEffect } from 'react';
import { useRouteError } from 'react-router';
import { Button } from '@/components/ui/button';
import { CopyButton } from '@/components/ui/copy-button';
import { useStore } from '@/hooks/use-store';
import { lookForNewVersion, newVersion } from '@/live/new-version';
import { isMissingChunk } from './missing-chunks';

/** Nothing to see for the moment it takes to load a screen. */
export function Loading() {
  return <div className="min-h-dvh" aria-busy="true" />;
}

/** Where a screen should be that cannot be shown. */
export function Broken() {
  const error = useRouteError();
  return isMissingChunk(error) ? <LostPart /> : <Fault error={error} />;
}

/** A screen that was not fetched: mostly because the server was replaced and has only the new app's parts. */
function LostPart() {
  const cache = useQueryClient();
  const updated = useStore(newVersion);
  useEffect(() => void lookForNewVersion(cache), [cache]);
  return (
    <Failure title={updated ? 'Assent was updated' : 'This screen could not be loaded'}>
      {updated
        ? 'This page is from before the update and cannot open the screen.'
        : 'The server did not respond. Check your connection.'}
    </Failure>
  );
}

/** A fault in the page itself. */
function Fault({ error }: { error: unknown }) {
  const details =
    error instanceof Error ? `${error.name}: ${error.message}\n${error.stack ?? ''}` : String(error);
  return (
    <Failure
      title="This page stopped working"
      more={<CopyButton text={details} label="Copy details" size="md" />}
    >
      This is a fault in the page. Nothing was decided or lost on the server.
    </Failure>
  );
}

function Failure({ title, more, children }: { title: string; more?: ReactNode; children: ReactNode }) {
  return (
    <main className="mx-auto grid min-h-dvh max-w-[480px] content-center gap-4 p-6">
      <h1 className="text-xl font-semibold">{title}</h1>
      <p className="text-ink-2">{children} What you typed is kept.</p>
      <div className="flex gap-2">
        <Button variant="primary" onClick={() => window.location.reload()}>
          Reload
        </Button>
        {more}
      </div>
    </main>
  );
}
