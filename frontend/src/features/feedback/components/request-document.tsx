import type { FeedbackRequest } from '@/api/types';
import { ExactText, Words } from '@/components/exact-text';
import { Markdown } from '@/components/markdown';
import { Notice } from '@/components/ui/notice';
import { AgentStatement } from './agent-statement';
import { ExactCall } from './exact-call';

/** What the decision is about: the exact call or the work to review, and the agent's words beside it. */
export function RequestDocument({ request }: { request: FeedbackRequest }) {
  if (request.erased) return <Erased tool={request.action?.tool} />;
  const artifact = request.context?.artifact;
  const note = request.context?.note;
  return (
    <div className="grid gap-5 empty:hidden">
      {request.action && <ExactCall action={request.action} />}
      {typeof artifact === 'string' && (
        // Long work scrolls in its own box so that the decision stays in reach.
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        <div
          tabIndex={0}
          role="group"
          aria-label="Work to review"
          className="max-h-[50dvh] overflow-y-auto border-y border-rule py-4"
        >
          <Markdown text={artifact} />
        </div>
      )}
      {typeof note === 'string' && (
        <Notice>
          <Words text={note} className="whitespace-pre-wrap" />
        </Notice>
      )}
      <AgentStatement request={request} />
    </div>
  );
}

/** Without what was asked: no arguments shown would be a claim that there were none. */
function Erased({ tool }: { tool: string | undefined }) {
  return (
    <p className="text-sm text-ink-2">
      What was asked has been erased; the decision stays on record.
      {tool !== undefined && (
        <>
          {' It was about a call of '}
          <span className="font-mono text-ink">
            <ExactText text={tool} />
          </span>
          .
        </>
      )}
    </p>
  );
}
