import { Field } from '@/components/ui/field';
import { Input } from '@/components/ui/input';

interface EmailFieldProps {
  value: string;
  onChange: (value: string) => void;
  error?: string | undefined;
}

/** Named so that a password manager takes it for whose password it keeps. */
export function EmailField({ value, onChange, error }: EmailFieldProps) {
  return (
    <Field label="Email address" error={error}>
      {(control) => (
        <Input
          {...control}
          type="email"
          name="username"
          autoComplete="username"
          required
          value={value}
          onChange={(event) => onChange(event.target.value)}
          className="h-11"
        />
      )}
    </Field>
  );
}
