import type { FeedbackRequest } from '@/api/types';
import type { Answer, Draft, Errors } from '../model';

/** What every decision form gets, whatever its kind. */
export interface DecisionProps {
  request: FeedbackRequest;
  draft: Draft;
  onDraft: (draft: Draft) => void;
  onAnswer: (answer: Answer) => void;
  busy: boolean;
  /** From the server, by field name. */
  errors: Errors;
}

export function allows(request: FeedbackRequest, action: string): boolean {
  return request.allowed_actions.includes(action);
}
