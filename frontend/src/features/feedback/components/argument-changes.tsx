import { ExactText } from '@/components/exact-text';
import { facts, typed, type Values } from '../model';

interface ChangesProps {
  before: Values;
  after: Values;
  names: string[];
}

function text(values: Values, name: string): string | undefined {
  const value = typed(values, name);
  return value === undefined ? undefined : facts({ value })[0]?.value;
}

function Cell({ value }: { value: string | undefined }) {
  return value === undefined ? (
    <span className="font-sans text-ink-3">(left out)</span>
  ) : (
    <ExactText text={value} />
  );
}

/** What the reader approves instead of what was proposed, side by side, before it is sent. */
export function ArgumentChanges({ before, after, names }: ChangesProps) {
  return (
    <table className="w-full border-b border-rule font-mono text-sm">
      <caption className="pb-1 text-left font-sans text-xs text-ink-3">What you change</caption>
      <thead className="font-sans text-xs text-ink-3">
        <tr>
          <th scope="col" className="sr-only">
            Argument
          </th>
          <th scope="col" className="pr-4 text-left font-normal">
            Proposed
          </th>
          <th scope="col" className="text-left font-normal">
            Yours
          </th>
        </tr>
      </thead>
      <tbody>
        {names.map((name) => (
          <tr key={name} className="border-t border-rule align-baseline">
            <th scope="row" className="py-2 pr-4 text-left font-normal text-ink-2">
              <ExactText text={name} />
            </th>
            <td className="py-2 pr-4 text-ink-2 line-through decoration-rule-strong">
              <Cell value={text(before, name)} />
            </td>
            <td className="py-2 font-semibold">
              <Cell value={text(after, name)} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
