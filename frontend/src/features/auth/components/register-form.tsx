import { type FormEvent, useState } from 'react';
import { Problem } from '@/api/problem';
import { ErrorNotice } from '@/components/error-notice';
import { Button } from '@/components/ui/button';
import { Field } from '@/components/ui/field';
import { Input } from '@/components/ui/input';
import { useRegister } from '../queries';
import { EmailField } from './email-field';
import { PasswordField } from './password-field';

export function RegisterForm() {
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const register = useRegister();
  const fields = register.error instanceof Problem ? register.error.fields : [];
  const errorOf = (field: string) => fields.find((one) => one.field.split('.').at(-1) === field)?.message;

  function submit(event: FormEvent) {
    event.preventDefault();
    if (!register.isPending) register.mutate({ name: name.trim(), email, password });
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
      {register.error && fields.length === 0 && <ErrorNotice error={register.error} />}
      <Button type="submit" variant="primary" className="h-11" aria-busy={register.isPending}>
        {register.isPending ? 'Creating the account' : 'Create account'}
      </Button>
    </form>
  );
}
