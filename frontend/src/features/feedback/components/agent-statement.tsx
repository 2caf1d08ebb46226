import type { FeedbackRequest } from '@/api/types';
import { Markdown } from '@/components/markdown';
import { RequesterLine } from './requester-line';

/** The asker's own words, set apart from the facts: nobody has checked them. */
export function AgentStatement({ request }: { request: FeedbackRequest }) {
  const text = request.prompt;
  if (text.trim() === '') return null;
  return (
    <figure className="border-l-2 border-rule pl-4">
      <figcaption className="mb-1 text-xs text-ink-3">
        <RequesterLine request={request} /> says
      </figcaption>
      <blockquote className="text-ink-2">
        <Markdown text={text} />
      </blockquote>
    </figure>
  );
}
