import { useQuery } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { ExactText, Words } from '@/components/exact-text';
import { Disclosure } from '@/components/ui/disclosure';
import { useOnceVisible } from '@/hooks/use-once-visible';
import { asText, took, type ToolCall, toolCalls, toolNames } from '../model';
import { runQuery } from '../queries';

const STATE: Record<ToolCall['state'], string> = {
  running: 'Running',
  waiting: 'Waiting for approval',
  done: 'Done',
  failed: 'Failed',
  unknown: 'Outcome unknown',
  'not-run': 'Not run',
};

/** What a run did between the question and the reply, folded. Nothing at all when it used no tool. */
export function RunSteps({ runId }: { runId: string }) {
  const place = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);
  const run = useQuery({ ...runQuery(runId), enabled: useOnceVisible(place) });
  const calls = toolCalls(run.data?.log ?? []);
  const failed = calls.filter(({ state }) => state === 'failed').length;
  return (
    <div ref={place} data-slot="run-steps">
      {calls.length > 0 && (
        <Disclosure
          className="pb-5"
          open={open}
          onToggle={setOpen}
          summary={
            <span>
              {calls.length === 1 ? 'Used' : `${calls.length} steps:`}{' '}
              <span className="font-mono">
                <ExactText text={toolNames(calls)} />
              </span>
              {failed > 0 && (
                <span className="text-danger">{failed === 1 ? ', failed' : `, ${failed} failed`}</span>
              )}
            </span>
          }
        >
          {open && (
            <ol className="mt-2 ml-1.5 grid gap-4 border-l-2 border-rule pl-4">
              {calls.map((call) => (
                <Call key={call.key} call={call} />
              ))}
            </ol>
          )}
        </Disclosure>
      )}
    </div>
  );
}

function Call({ call }: { call: ToolCall }) {
  return (
    <li className="grid gap-1">
      <p className="flex flex-wrap gap-x-3">
        <span className="font-mono font-medium">
          <ExactText text={call.tool} />
        </span>
        <span className={call.state === 'failed' ? 'text-danger' : 'text-ink-2'}>
          {STATE[call.state]}
          {call.ms !== undefined && ` in ${took(call.ms)}`}
        </span>
      </p>
      {call.reason && (
        <p className="text-ink-2">
          <Words text={call.reason} />
        </p>
      )}
      <Value name="Arguments" value={call.args} />
      {call.result !== undefined && <Value name="Result" value={call.result} />}
    </li>
  );
}

function Value({ name, value }: { name: string; value: unknown }) {
  return (
    <div>
      <p className="text-xs text-ink-3">{name}</p>
      {/* Scrollable by keyboard where it overflows. */}
      <div
        role="group"
        aria-label={name}
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        className="max-h-60 overflow-y-auto rounded-sm bg-wash px-3 py-2 font-mono text-xs"
      >
        <ExactText text={asText(value)} />
      </div>
    </div>
  );
}
