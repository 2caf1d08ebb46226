import { Bot, Terminal, User } from 'lucide-react';
import type { FeedbackRequest } from '@/api/types';
import { Words } from '@/components/exact-text';
import { askerLabel, requesterOf } from '../model';

const ICON = { agent: Bot, person: User, program: Terminal };

/** The mark says what asks, before any name; a program goes by the name of whoever it is signed in as. */
export function RequesterLine({ request }: { request: FeedbackRequest }) {
  const { kind, name } = requesterOf(request);
  const Icon = ICON[kind];
  return (
    <>
      <span className="inline-flex items-baseline gap-1 rounded-sm border border-rule-strong px-1 text-xs font-medium whitespace-nowrap">
        <Icon aria-hidden className="size-3 translate-y-0.5" />
        {askerLabel[kind]}
      </span>{' '}
      {kind === 'program' && 'signed in as '}
      <Words text={name} />
    </>
  );
}
