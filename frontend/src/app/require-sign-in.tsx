import { useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';
import { Navigate, Outlet, useLocation } from 'react-router';
import { forgetSignIn, refresh, signIn } from '@/api/token';
import { ErrorNotice } from '@/components/error-notice';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { SignInForm } from '@/features/auth/components/sign-in-form';
import { meQuery } from '@/features/auth/queries';
import { useStore } from '@/hooks/use-store';
import { Loading } from './load-fallback';

/** Only for somebody signed in. A sign-in that ends while the app is open is asked for again over the page. */
export function RequireSignIn() {
  const state = useStore(signIn);
  const { pathname, search, hash } = useLocation();
  const resume = useResume(state === 'unknown');
  if (state === 'left') return <Navigate to="/sign-in" replace />;
  if (state === 'out') {
    const next = pathname === '/' ? '' : `?next=${encodeURIComponent(pathname + search + hash)}`;
    return <Navigate to={`/sign-in${next}`} replace />;
  }
  if (state === 'unknown') {
    return resume.error ? <Unreachable error={resume.error} onRetry={resume.retry} /> : <Loading />;
  }
  return (
    <>
      <Outlet />
      {state === 'ended' && <SignInAgain />}
    </>
  );
}

/** Continues an earlier sign-in from its cookie. */
function useResume(needed: boolean): { error: unknown; retry: () => void } {
  const [error, setError] = useState<unknown>(null);
  const resume = useCallback(() => {
    refresh().then(
      (done) => {
        if (!done && signIn.get() === 'unknown') setError(new Error('refresh refused for now'));
      },
      (cause: unknown) => setError(cause),
    );
  }, []);
  useEffect(() => {
    if (needed) resume();
  }, [needed, resume]);
  function retry() {
    setError(null);
    resume();
  }
  return { error, retry };
}

function Unreachable({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  return (
    <main className="mx-auto grid min-h-dvh max-w-[440px] content-center p-6">
      <ErrorNotice error={error}>
        <Button size="sm" onClick={onRetry}>
          Try again
        </Button>
      </ErrorNotice>
    </main>
  );
}

function SignInAgain() {
  const email = useQuery({ ...meQuery, enabled: false }).data?.email;
  return (
    <Dialog title="Your sign-in has ended">
      <p className="mb-4 text-ink-2">
        Sign in again{email && ` as ${email}`} to go on. What you typed is kept.
      </p>
      <SignInForm known={email} />
      <Button variant="ghost" className="mt-2 -ml-4" onClick={forgetSignIn}>
        Use another account
      </Button>
    </Dialog>
  );
}
