import { Words } from '@/components/exact-text';
import { Markdown } from '@/components/markdown';

/** The agent's own words, set apart from the facts: nobody has checked them. */
export function AgentClaim({ text, by }: { text: string; by: string }) {
  if (text.trim() === '') return null;
  return (
    <figure className="border-l-2 border-rule pl-4">
      <figcaption className="mb-1 text-xs text-ink-3">
        <Words text={by} /> says
      </figcaption>
      <blockquote className="text-ink-2">
        <Markdown text={text} />
      </blockquote>
    </figure>
  );
}
