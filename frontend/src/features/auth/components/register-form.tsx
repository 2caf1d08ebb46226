import { type FormEvent, useState } from 'react';
import { Problem } from '@/api/problem';
import { ErrorNotice } from '@/components/error-notice';
import { Button } from '@/components/ui/button';
import { Field } from '@/components/ui/field';
import { Input } from '@/components/ui/input';
import { useRegister } from '../queries';
import { EmailField } from './email-field';
import { PasswordField } from './password-field';

/** `needsCode`: the first account, made from another machine, proves that its maker sees the server's terminal. */
export function RegisterForm({ needsCode }: { needsCode: boolean }) {
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const register = useRegister();
  const fields = register.error instanceof Problem ? register.error.fields : [];
  const errorOf = (field: string) => fields.find((one) => one.field.split('.').at(-1) === field)?.message;

  function submit(event: FormEvent) {
    event.preventDefault();
    if (!register.isPending) register.mutate({ name: name.trim(), email, password, setup_code: code.trim() });
  }

  return (
    <form onSubmit={submit} className="grid gap-4">
      <Field label="Name" hint="Your signature under what you decide." error={errorOf('name')}>
        {(control) => (
          <Input
            {...control}
            name="name"
            autoComplete="name"
            required
            maxLength={100}
            value={name}
            onChange={(event) => setName(event.target.value)}
            className="h-11"
          />
        )}
      </Field>
      <EmailField value={email} onChange={setEmail} error={errorOf('email')} />
      <PasswordField value={password} onChange={setPassword} isNew error={errorOf('password')} />
      {needsCode && (
        <Field
          label="Set-up code"
          hint="Assent printed it in its terminal when it started."
          error={errorOf('setup_code')}
        >
          {(control) => (
            <Input
              {...control}
              name="setup-code"
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              required
              maxLength={40}
              value={code}
              onChange={(event) => setCode(event.target.value)}
              className="h-11 font-mono"
            />
          )}
        </Field>
      )}
      {register.error && fields.length === 0 && <ErrorNotice error={register.error} />}
      <Button type="submit" variant="primary" className="h-11" aria-busy={register.isPending}>
        {register.isPending ? 'Creating the account' : 'Create account'}
      </Button>
    </form>
  );
}
