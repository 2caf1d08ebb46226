import { useQuery } from '@tanstack/react-query';
import { ArrowLeft } from 'lucide-react';
import { useRef } from 'react';
import { Link, useNavigate } from 'react-router';
import { ErrorNotice } from '@/components/error-notice';
import { Button } from '@/components/ui/button';
import { DemoNotice } from '@/features/auth/components/demo-notice';
import { configQuery } from '@/features/auth/queries';
import { Composer } from '@/features/session/components/composer';
import { Examples } from '@/features/session/components/examples';
import { useStartSession } from '@/features/session/queries';
import { useShortcuts } from '@/hooks/use-shortcuts';
import { newId } from '@/lib/ids';

/** Where a keyboard is at hand, the field is ready at once; elsewhere it would only call up the one on the screen. */
const fine = window.matchMedia('(pointer: fine)').matches;

export function NewSession() {
  return (
    <>
      <title>New session · Assent</title>
      <Start heading="h1" focused={fine} />
    </>
  );
}

/** Fills the room beside the list until a session is picked. */
export function BesideList() {
  return (
    <>
      <title>Sessions · Assent</title>
      <Start heading="h2" focused={false} />
    </>
  );
}

function Start({ heading: Heading, focused }: { heading: 'h1' | 'h2'; focused: boolean }) {
  const config = useQuery(configQuery);
  const navigate = useNavigate();
  const start = useStartSession();
  const clientId = useRef(newId());
  const field = useRef<HTMLTextAreaElement>(null);
  useShortcuts({ c: () => field.current?.focus(), Escape: () => void navigate('/sessions') });

  function begin(query: string) {
    if (start.variables && start.variables.query !== query) clientId.current = newId();
    start.mutate(
      { query, client_id: clientId.current },
      { onSuccess: ({ session_id }) => void navigate(`/s/${session_id}`) },
    );
  }

  return (
    <div className="relative flex h-full flex-col overflow-y-auto">
      <div className="p-2 lg:hidden">
        <Button asChild variant="ghost" size="icon">
          <Link to="/sessions" aria-label="All sessions">
            <ArrowLeft aria-hidden />
          </Link>
        </Button>
      </div>
      <div className="mx-auto grid w-full max-w-[640px] flex-1 content-center gap-8 px-5 py-6">
        <div>
          <Heading className="mb-1 text-xl font-semibold tracking-tight">What should be done?</Heading>
          <p className="text-ink-2">The agent asks you before it does anything that needs your approval.</p>
        </div>
        <Composer
          draftKey="session.new"
          field={field}
          maxLength={config.data?.max_query_length ?? 4000}
          busy={start.isPending}
          onSend={begin}
          focused={focused}
        />
        {start.error && (
          <ErrorNotice error={start.error}>
            <Button size="sm" onClick={() => start.variables && begin(start.variables.query)}>
              Try again
            </Button>
          </ErrorNotice>
        )}
        <section aria-labelledby="examples">
          <p id="examples" className="mb-2 text-sm text-ink-3">
            Or start with one of these
          </p>
          <Examples onPick={begin} disabled={start.isPending} />
        </section>
        {config.data?.model === 'demo' && <DemoNotice />}
      </div>
    </div>
  );
}
