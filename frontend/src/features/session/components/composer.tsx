import { ArrowUp, Square } from 'lucide-react';
import { type FormEvent, type KeyboardEvent, type RefObject, useState } from 'react';
import { Button } from '@/components/ui/button';
import { useDraft } from '@/hooks/use-draft';
import { cn } from '@/lib/cn';

interface Question {
  id: string;
  /** Resolves once the answer is stored; the text stays until then. */
  onAnswer: (text: string) => Promise<unknown>;
}

interface ComposerProps {
  /** Names the draft: what is typed here survives a reload. */
  draftKey: string;
  field: RefObject<HTMLTextAreaElement | null>;
  /** Under the field, where there is room: what Enter does, or what a message does not do. */
  hint?: string;
  maxLength: number;
  onSend: (text: string) => void;
  /** The one open question that takes a text: what is written answers it, unless the reader says otherwise. */
  question?: Question | undefined;
  busy?: boolean;
  /** Present while a run can be stopped. */
  stop?: { onStop: () => void; stopping: boolean } | undefined;
  /** Ready to type at once. */
  focused?: boolean;
}

/** Enter sends and Shift+Enter breaks the line, except while an input method is composing. */
export function Composer({
  draftKey,
  field,
  hint = 'Enter sends, Shift+Enter starts a new line',
  maxLength,
  onSend,
  question,
  busy = false,
  stop,
  focused = false,
}: ComposerProps) {
  const [text, setText, clear] = useDraft(draftKey, '');
  const [answering, setAnswering] = useAnswering(question?.id, text.trim() === '');
  const over = [...text].length - maxLength;
  const ready = text.trim() !== '' && over <= 0 && !busy;

  function send(event: FormEvent | KeyboardEvent) {
    event.preventDefault();
    if (!ready) return;
    const words = text.trim();
    if (question && answering) question.onAnswer(text).then(clear, () => undefined);
    else {
      onSend(words);
      clear();
    }
    field.current?.focus();
  }

  function onKeyDown(event: KeyboardEvent<HTMLTextAreaElement>) {
    // 229: Safari reports the Enter that ends a composition after `isComposing` is over.
    const composing = event.nativeEvent.isComposing || event.keyCode === 229;
    if (composing) return;
    if (event.key === 'Enter' && !event.shiftKey) send(event);
    // Out of the field, where the shortcuts work.
    if (event.key === 'Escape') event.currentTarget.blur();
  }

  return (
    <form
      onSubmit={send}
      data-slot="composer"
      className="flex flex-wrap items-end rounded-md border border-rule-strong/70 bg-sheet focus-within:border-ink"
    >
      <textarea
        ref={field}
        aria-label="Message"
        placeholder={question && answering ? 'Answer the question' : 'Write a message'}
        rows={1}
        value={text}
        // eslint-disable-next-line jsx-a11y/no-autofocus
        autoFocus={focused}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
        aria-invalid={over > 0}
        aria-describedby={over > 0 ? `${draftKey}-over` : undefined}
        className={cn(
          'field-sizing-content max-h-[33dvh] min-w-0 flex-1 resize-none bg-transparent py-3 pl-4 outline-none sm:basis-full sm:pr-4 sm:pb-1',
          question && 'basis-full pr-4',
        )}
      />
      {question ? (
        <label className="flex min-h-9 flex-1 items-center gap-2 self-center pl-4 text-sm text-ink-2">
          <input
            type="checkbox"
            className="size-4"
            checked={answering}
            onChange={(event) => setAnswering(event.target.checked)}
          />
          Answer the question
        </label>
      ) : (
        <span className="flex-1 self-center pl-4 text-xs text-ink-3 max-sm:hidden">{hint}</span>
      )}
      <div className="flex items-center gap-2 p-2 max-sm:p-1.5">
        {stop && (
          <Button size="sm" className="h-9" disabled={stop.stopping} onClick={stop.onStop}>
            <Square aria-hidden className="fill-current" />
            {stop.stopping ? 'Stopping' : 'Stop'}
          </Button>
        )}
        <Button type="submit" variant="primary" size="icon" disabled={!ready} aria-label="Send">
          <ArrowUp aria-hidden />
        </Button>
      </div>
      {over > 0 && (
        <p id={`${draftKey}-over`} className="basis-full px-4 pb-2 text-sm text-danger">
          {over.toLocaleString()} characters too long
        </p>
      )}
    </form>
  );
}

/** Words begun before the question came were meant as a message, so they stay one. */
function useAnswering(question: string | undefined, empty: boolean): [boolean, (on: boolean) => void] {
  const [choice, setChoice] = useState({ question, on: empty });
  if (choice.question !== question) setChoice({ question, on: empty });
  return [choice.on, (on) => setChoice({ question, on })];
}
