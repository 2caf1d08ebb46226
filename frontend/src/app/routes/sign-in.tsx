import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Navigate, useSearchParams } from 'react-router';
import { signIn } from '@/api/token';
import { Mark } from '@/components/brand';
import { ErrorNotice } from '@/components/error-notice';
import { Button } from '@/components/ui/button';
import { Skeleton } from '@/components/ui/skeleton';
import type { Config } from '@/api/types';
import { DemoNotice } from '@/features/auth/components/demo-notice';
import { RegisterForm } from '@/features/auth/components/register-form';
import { SignInForm } from '@/features/auth/components/sign-in-form';
import { type Door, doors } from '@/features/auth/model';
import { configQuery } from '@/features/auth/queries';
import { useStore } from '@/hooks/use-store';
import { ownPath } from '@/lib/safe-links';

const TITLE: Record<Door, string> = {
  first: 'Create the first account',
  'sign-in': 'Sign in',
  register: 'Create an account',
};

export function SignIn() {
  const state = useStore(signIn);
  const [params] = useSearchParams();
  const config = useQuery(configQuery);
  const next = ownPath(params.get('next'), '/sessions');
  // `unknown` has an earlier sign-in to continue, which the guarded page does.
  if (state === 'in' || state === 'unknown') return <Navigate to={next} replace />;
  return (
    <main className="mx-auto min-h-dvh w-full max-w-[400px] px-5 pt-[min(18dvh,160px)] pb-8 sm:px-0">
      <title>Sign in · Assent</title>
      <div className="mb-6 flex items-center gap-3">
        <Mark className="size-9" />
        <p className="text-lg font-semibold tracking-tight">Assent</p>
      </div>
      <div className="border-t border-ink pt-6">
        {config.data ? (
          <Doors config={config.data} returning={params.has('next')} />
        ) : config.error ? (
          <ErrorNotice error={config.error}>
            <Button size="sm" onClick={() => void config.refetch()}>
              Try again
            </Button>
          </ErrorNotice>
        ) : (
          <Skeleton label="Loading" lines={[50, 100, 100, 30]} />
        )}
      </div>
    </main>
  );
}

function Doors({ config, returning }: { config: Config; returning: boolean }) {
  const { first, other } = doors(config);
  const [chosen, setChosen] = useState<Door>();
  const door = chosen ?? first;
  const elsewhere = door === first ? other : first;
  return (
    <>
      <h1 className="mb-1 text-xl font-semibold tracking-tight">{TITLE[door]}</h1>
      <p className="mb-6 text-ink-2">
        {door === 'first'
          ? 'Nobody has registered here yet. This account becomes the administrator.'
          : returning
            ? 'You will then be taken to the page you opened.'
            : 'Agents ask, people decide.'}
      </p>
      {door === 'sign-in' ? (
        <SignInForm />
      ) : (
        <RegisterForm needsCode={door === 'first' && config.setup_code} />
      )}
      {elsewhere && (
        <Button variant="ghost" className="mt-2 -ml-4" onClick={() => setChosen(elsewhere)}>
          {elsewhere === 'register' ? 'Create an account instead' : 'Sign in instead'}
        </Button>
      )}
      {config.model === 'demo' && (
        <div className="mt-8 border-t border-rule pt-4">
          <DemoNotice />
        </div>
      )}
    </>
  );
}
