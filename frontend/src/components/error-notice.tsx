import type { ReactNode } from 'react';
import { explain, Problem } from '@/api/problem';
import { CopyButton } from './ui/copy-button';
import { Notice } from './ui/notice';

/** A failure with what to do next, and the request id for whoever has to look into it. */
export function ErrorNotice({ error, children }: { error: unknown; children?: ReactNode }) {
  const instance = error instanceof Problem ? error.instance : undefined;
  return (
    <Notice tone="problem">
      <p>{explain(error)}</p>
      {(children || instance) && (
        <div className="mt-1 flex flex-wrap items-center gap-2">
          {children}
          {instance && <CopyButton text={instance} label="Copy error id" />}
        </div>
      )}
    </Notice>
  );
}
