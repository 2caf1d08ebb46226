import { type ReactNode, useId } from 'react';
import type { Field as RequestField } from '@/api/types';
import { Words } from '@/components/exact-text';
import { Field, type FieldControl } from '@/components/ui/field';
import { Input } from '@/components/ui/input';
import { Select } from '@/components/ui/select';
import { Textarea } from '@/components/ui/textarea';
import { cn } from '@/lib/cn';
import { drawn } from '@/lib/hidden-characters';
import { OptionList } from './option-list';

type Value = string | boolean | string[];

interface TypedFieldProps {
  field: RequestField;
  label?: ReactNode;
  value: Value;
  /** The value is the agent's and nobody has touched it. */
  suggested?: boolean;
  error?: string | undefined;
  monospace?: boolean;
  onChange: (value: Value) => void;
}

const INPUT = {
  text: { type: 'text' },
  number: { type: 'text', inputMode: 'decimal' },
  integer: { type: 'text', inputMode: 'numeric' },
  date: { type: 'date' },
  datetime: { type: 'datetime-local' },
  email: { type: 'email', autoComplete: 'email' },
  url: { type: 'url', inputMode: 'url' },
} as const;

/** One field of a form, in the widget its type asks for. */
export function TypedField({
  field,
  label: given,
  value,
  suggested = false,
  error,
  monospace,
  onChange,
}: TypedFieldProps) {
  const hint = field.description;
  const name = given ?? <Words text={field.name} />;
  const label = suggested ? (
    <>
      {name} <span className="font-normal text-ink-2">— suggested by the agent</span>
    </>
  ) : (
    name
  );
  if (field.type === 'boolean') {
    return (
      <CheckField field={field} label={label} checked={value === true} error={error} onChange={onChange} />
    );
  }
  if (field.type === 'multi_enum') {
    return (
      <OptionList
        legend={label}
        hint={hint}
        error={error}
        options={field.options ?? []}
        multiple
        picked={Array.isArray(value) ? value : []}
        onPick={onChange}
      />
    );
  }
  return (
    <Field
      label={label}
      hint={hint && <Words text={hint} />}
      error={error}
      required={field.required ?? false}
    >
      {(control) => (
        <Widget
          field={field}
          control={control}
          value={String(value)}
          className={cn(monospace && 'font-mono text-sm')}
          onChange={onChange}
        />
      )}
    </Field>
  );
}

interface WidgetProps {
  field: RequestField;
  control: FieldControl;
  value: string;
  className: string;
  onChange: (value: string) => void;
}

function Widget({ field, control, value, className, onChange }: WidgetProps) {
  const shared = {
    ...control,
    value,
    className,
    name: field.name,
    onChange: (event: { target: { value: string } }) => onChange(event.target.value),
  };
  if (field.type === 'long_text') return <Textarea rows={3} {...shared} />;
  if (field.type === 'enum') {
    return (
      <Select {...shared}>
        <option value="">Choose…</option>
        {field.options?.map((option) => (
          <option key={option.value} value={option.value}>
            {drawn(option.label)}
          </option>
        ))}
      </Select>
    );
  }
  const kind = field.type === 'boolean' || field.type === 'multi_enum' ? 'text' : field.type;
  return <Input {...INPUT[kind]} {...shared} />;
}

interface CheckFieldProps {
  field: RequestField;
  label: ReactNode;
  checked: boolean;
  error?: string | undefined;
  onChange: (value: boolean) => void;
}

function CheckField({ field, label, checked, error, onChange }: CheckFieldProps) {
  const id = useId();
  const describedBy = error ? `${id}-error` : undefined;
  return (
    <div>
      <label className="flex min-h-6 items-center gap-3 pointer-coarse:min-h-11">
        <input
          type="checkbox"
          name={field.name}
          className="size-4"
          checked={checked}
          aria-describedby={describedBy}
          aria-invalid={error ? true : undefined}
          onChange={(event) => onChange(event.target.checked)}
        />
        <span className="text-sm font-medium">{label}</span>
      </label>
      {field.description && (
        <p className="pl-7 text-sm text-ink-2">
          <Words text={field.description} />
        </p>
      )}
      {error && (
        <p id={describedBy} className="pl-7 text-sm text-danger">
          {error}
        </p>
      )}
    </div>
  );
}
