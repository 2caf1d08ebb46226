import { useId } from 'react';

interface SwitchProps {
  label: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
}

/** A setting that takes effect at once. */
export function Switch({ label, checked, onChange }: SwitchProps) {
  const id = useId();
  return (
    <span data-slot="switch" className="flex min-h-9 items-center gap-3 pointer-coarse:min-h-11">
      <input
        id={id}
        type="checkbox"
        role="switch"
        checked={checked}
        aria-checked={checked}
        onChange={(event) => onChange(event.target.checked)}
        className="relative h-6 w-10 cursor-pointer appearance-none rounded-full border border-rule-strong bg-wash transition-colors duration-150 before:absolute before:top-0.5 before:left-0.5 before:size-[18px] before:rounded-full before:bg-ink-2 before:transition-transform before:duration-150 checked:border-ink checked:bg-ink checked:before:translate-x-4 checked:before:bg-on-ink"
      />
      <label htmlFor={id}>{label}</label>
    </span>
  );
}
