import { ArrowRight } from 'lucide-react';

const EXAMPLES = [
  { text: 'pay 500 to Bob', about: 'asks you to approve a payment' },
  { text: 'plan a product launch', about: 'stops at three checkpoints for your review' },
  { text: 'form name, email, n:integer', about: 'asks you to fill in a form' },
];

/** Three ways to see the agent ask. */
export function Examples({ onPick, disabled }: { onPick: (text: string) => void; disabled: boolean }) {
  return (
    <ul className="border-b border-rule">
      {EXAMPLES.map((example) => (
        <li key={example.text} className="border-t border-rule">
          <button
            type="button"
            disabled={disabled}
            onClick={() => onPick(example.text)}
            className="group flex min-h-14 w-full items-center gap-4 px-1 py-2 text-left transition-colors duration-150 enabled:hover:bg-wash"
          >
            <span className="min-w-0 flex-1">
              <span className="block font-mono text-sm wrap-anywhere">{example.text}</span>
              <span className="block text-sm text-ink-2">{example.about}</span>
            </span>
            <ArrowRight
              aria-hidden
              className="size-4 text-ink-3 transition-transform duration-150 group-hover:translate-x-1"
            />
          </button>
        </li>
      ))}
    </ul>
  );
}
