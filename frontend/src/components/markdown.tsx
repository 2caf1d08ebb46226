import { lazy, Suspense } from 'react';

// Fetched with the page rather than with the first reply, when the server may be away; if it is away even then, that
// costs the text its looks until the next load, not the page.
const body = import('./markdown-body').catch(() => ({ default: Plain }));
const MarkdownBody = lazy(() => body);

interface MarkdownProps {
  text: string;
  /** More text is coming: half-open syntax is closed for display. */
  streaming?: boolean;
}

function Plain({ text }: MarkdownProps) {
  return <p className="whitespace-pre-wrap">{text}</p>;
}

/** Agents' words. The parser is a chunk of its own; until it is here the text stands as it was written. */
export function Markdown({ text, streaming = false }: MarkdownProps) {
  return (
    <div className="prose">
      <Suspense fallback={<Plain text={text} />}>
        <MarkdownBody text={text} streaming={streaming} />
      </Suspense>
    </div>
  );
}
