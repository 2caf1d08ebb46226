import { type FormEvent, useState } from 'react';
import { ErrorNotice } from '@/components/error-notice';
import { Button } from '@/components/ui/button';
import { Notice } from '@/components/ui/notice';
import { signInFailure } from '../model';
import { useSignIn } from '../queries';
import { EmailField } from './email-field';
import { PasswordField } from './password-field';

interface SignInFormProps {
  /** Signing in again as this person: the address is given and stays. */
  known?: string | undefined;
}

export function SignInForm({ known }: SignInFormProps) {
  const [email, setEmail] = useState(known ?? '');
  const [password, setPassword] = useState('');
  const signIn = useSignIn();
  const failure = signInFailure(signIn.error);

  function submit(event: FormEvent) {
    event.preventDefault();
    if (!signIn.isPending) signIn.mutate({ email, password });
  }

  return (
    <form onSubmit={submit} className="grid gap-4">
      {!known && <EmailField value={email} onChange={setEmail} />}
      <PasswordField value={password} onChange={setPassword} />
      {known && (
        // Off screen, so that a password manager knows whose password to offer.
        <input
          type="email"
          name="username"
          autoComplete="username"
          value={known}
          readOnly
          tabIndex={-1}
          aria-hidden
          className="sr-only"
        />
      )}
      {failure && <Notice tone="problem">{failure}</Notice>}
      {signIn.error && !failure && <ErrorNotice error={signIn.error} />}
      <Button type="submit" variant="primary" className="h-11" aria-busy={signIn.isPending}>
        {signIn.isPending ? 'Signing in' : 'Sign in'}
      </Button>
    </form>
  );
}
