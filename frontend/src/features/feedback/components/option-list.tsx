import { type ReactNode, useId } from 'react';
import type { Option } from '@/api/types';
import { Words } from '@/components/exact-text';

interface OptionListProps {
  legend: ReactNode;
  hint?: string | undefined;
  error?: string | undefined;
  options: Option[];
  multiple: boolean;
  picked: string[];
  onPick: (values: string[]) => void;
}

/** Radio buttons for one, check boxes for several. */
export function OptionList({ legend, hint, error, options, multiple, picked, onPick }: OptionListProps) {
  const id = useId();

  function toggle(value: string, on: boolean) {
    if (!multiple) return onPick([value]);
    const chosen = new Set(picked);
    if (on) chosen.add(value);
    else chosen.delete(value);
    return onPick(options.map((option) => option.value).filter((one) => chosen.has(one)));
  }

  return (
    <fieldset aria-describedby={error || hint ? `${id}-about` : undefined}>
      <legend className="text-sm font-medium">{legend}</legend>
      <p id={`${id}-about`} className="text-sm">
        {hint && <Words text={hint} className="text-ink-2" />}
        {hint && error && ' '}
        {error && <span className="text-danger">{error}</span>}
      </p>
      <div className="mt-2 border-b border-rule">
        {options.map((option) => (
          <label
            key={option.value}
            className="flex min-h-11 items-baseline gap-3 border-t border-rule px-1 py-2 transition-colors duration-150 hover:bg-wash has-checked:font-medium"
          >
            <input
              type={multiple ? 'checkbox' : 'radio'}
              name={id}
              value={option.value}
              checked={picked.includes(option.value)}
              onChange={(event) => toggle(option.value, event.target.checked)}
              className="size-4 translate-y-0.5"
            />
            <span className="min-w-0">
              <span className="block">
                <Words text={option.label} />
              </span>
              {option.description && (
                <span className="block text-sm font-normal text-ink-2">
                  <Words text={option.description} />
                </span>
              )}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
