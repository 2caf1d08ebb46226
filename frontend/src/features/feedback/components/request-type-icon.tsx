import { CircleHelp, ClipboardList, FileCheck2, ListChecks, PenLine } from 'lucide-react';
import type { FeedbackType } from '@/api/types';

const ICONS = {
  confirmation: PenLine,
  choice: ListChecks,
  text: CircleHelp,
  form: ClipboardList,
  checkpoint: FileCheck2,
} satisfies Record<FeedbackType, unknown>;

export function RequestTypeIcon({ type }: { type: FeedbackType }) {
  const Icon = ICONS[type];
  return <Icon aria-hidden className="size-4 shrink-0" />;
}
