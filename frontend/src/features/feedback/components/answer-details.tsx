import type { FeedbackRequest } from '@/api/types';
import { Words } from '@/components/exact-text';
import { FactsTable } from './facts-table';

function picked(request: FeedbackRequest): string | undefined {
  const choice = request.response?.values?.choice;
  if (choice === undefined || choice === null) return undefined;
  const values = Array.isArray(choice) ? choice : [choice];
  return values
    .map((value) => request.options?.find((option) => option.value === value)?.label ?? String(value))
    .join(', ');
}

/** What was answered, under the signature. */
export function AnswerDetails({ request }: { request: FeedbackRequest }) {
  const { response } = request;
  if (!response) return null;
  const words = response.feedback || picked(request);
  const values = request.type === 'choice' ? undefined : response.values;
  return (
    <>
      {words && (
        <p className="whitespace-pre-wrap text-ink-2">
          <Words text={words} />
        </p>
      )}
      {values && Object.keys(values).length > 0 && <FactsTable caption="The answer" values={values} />}
    </>
  );
}
