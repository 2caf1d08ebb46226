import { useState } from 'react';
import type { Action } from '@/api/types';
import { ExactText } from '@/components/exact-text';
import { CopyButton } from '@/components/ui/copy-button';
import { cn } from '@/lib/cn';
import { callJson } from '../model';
import { FactsTable } from './facts-table';

type View = 'Table' | 'JSON';
const VIEWS: View[] = ['Table', 'JSON'];

/** The call that is decided on: its tool, and its arguments to read or as they are sent. */
export function ExactCall({ action }: { action: Action }) {
  const [view, setView] = useState<View>('Table');
  return (
    <div>
      <div className="mb-2 flex flex-wrap items-center gap-x-4">
        <p className="flex-1 text-xs whitespace-nowrap text-ink-3">What will be done, exactly</p>
        <div className="-mx-2 flex items-center gap-1">
          <ViewSwitch view={view} onView={setView} />
          <CopyButton text={callJson(action)} label="Copy" />
        </div>
      </div>
      <p className="mb-2 font-mono text-base font-semibold break-all">
        <ExactText text={action.tool} />
      </p>
      {action.description && (
        <p className="mb-2 text-sm text-ink-2">
          <ExactText text={action.description} />
        </p>
      )}
      {/* On a small screen long arguments scroll in their own box, so that the decision stays in reach. */}
      <div
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        role="group"
        aria-label="Exact arguments"
        className="max-sm:max-h-[40dvh] max-sm:overflow-y-auto"
      >
        {view === 'Table' ? (
          <FactsTable caption={`Arguments of ${action.tool}`} values={action.args} />
        ) : (
          <pre className="border-y border-rule py-2 font-mono text-sm">
            <ExactText text={callJson(action)} />
          </pre>
        )}
      </div>
      {action.version && (
        <p className="mt-2 text-xs text-ink-3 wrap-anywhere">
          A yes holds for this call alone: these arguments, the tool as described (version{' '}
          <ExactText text={action.version} />, {action.risk} risk)
          {action.policy && (
            <>
              , and the rule <ExactText text={action.policy} />
            </>
          )}
          .
        </p>
      )}
    </div>
  );
}

function ViewSwitch({ view, onView }: { view: View; onView: (view: View) => void }) {
  return (
    <div role="group" aria-label="Show the arguments as" className="flex">
      {VIEWS.map((one) => (
        <button
          key={one}
          type="button"
          aria-pressed={view === one}
          onClick={() => onView(one)}
          className={cn(
            'group h-7 px-2 text-sm transition-colors duration-150 pointer-coarse:h-11',
            view === one ? 'font-medium text-ink' : 'text-ink-2 hover:text-ink',
          )}
        >
          <span className="border-b-2 border-transparent pb-0.5 group-aria-pressed:border-ink">{one}</span>
        </button>
      ))}
    </div>
  );
}
