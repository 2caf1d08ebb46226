import { CopyButton } from '@/components/ui/copy-button';
import { Button } from '@/components/ui/button';

/** What somebody had typed when another answer settled the request. */
export function UnsentDraft({ text, onDiscard }: { text: string; onDiscard: () => void }) {
  return (
    <div className="mt-3 border-l-2 border-caution pl-4">
      <p className="text-xs text-ink-3">Your unsent draft</p>
      <p className="my-1 text-sm wrap-anywhere whitespace-pre-wrap">{text}</p>
      <div className="-ml-2 flex gap-1">
        <CopyButton text={text} label="Copy" />
        <Button size="sm" variant="ghost" onClick={onDiscard}>
          Discard
        </Button>
      </div>
    </div>
  );
}
