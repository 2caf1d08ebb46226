import { useState } from 'react';
import { Button } from '@/components/ui/button';
import { type Fact, facts, type Values } from '../model';
import { ExactText } from '@/components/exact-text';

const CLIP_CHARACTERS = 480;
const CLIP_LINES = 8;

function clip(value: string): string {
  return value.split('\n').slice(0, CLIP_LINES).join('\n').slice(0, CLIP_CHARACTERS);
}

/** A value exactly as it is: nothing is left out without saying so. */
function Value({ value }: { value: string }) {
  const [all, setAll] = useState(false);
  const short = clip(value);
  const clipped = short.length < value.length;
  return (
    <>
      {value === '' && <span className="font-sans text-ink-3">(empty)</span>}
      <ExactText text={all ? value : short} />
      {clipped && !all && '…'}
      {clipped && (
        <Button
          size="sm"
          variant="ghost"
          className="-ml-2 flex font-sans"
          aria-expanded={all}
          onClick={() => setAll(!all)}
        >
          {all ? 'Show less' : `Show all ${value.length.toLocaleString()} characters`}
        </Button>
      )}
    </>
  );
}

function Row({ fact }: { fact: Fact }) {
  return (
    <tr className="border-t border-rule align-baseline">
      <th scope="row" className="py-2 pr-4 text-left font-normal text-ink-2">
        {/* As wide as its name, up to a share of the card: the value column takes all that is left. */}
        <span className="block w-max max-w-[14ch] sm:max-w-[24ch]">
          <ExactText text={fact.name} />
        </span>
        <span className="block font-sans text-xs text-ink-3 sm:hidden">{fact.type}</span>
      </th>
      <td className="w-full py-2">
        <Value value={fact.value} />
      </td>
      <td className="py-2 pl-4 text-right font-sans text-xs whitespace-nowrap text-ink-3 max-sm:hidden">
        {fact.type}
      </td>
    </tr>
  );
}

interface FactsTableProps {
  /** What the table is about, for those who hear it. */
  caption: string;
  values: Values;
}

export function FactsTable({ caption, values }: FactsTableProps) {
  const rows = facts(values);
  if (rows.length === 0) return <p className="text-sm text-ink-2">It takes no arguments.</p>;
  return (
    <table className="w-full border-b border-rule font-mono text-sm">
      <caption className="sr-only">{caption}</caption>
      <tbody>
        {rows.map((fact) => (
          <Row key={fact.name} fact={fact} />
        ))}
      </tbody>
    </table>
  );
}
