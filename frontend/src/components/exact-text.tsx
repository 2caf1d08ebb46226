import { type Care, reveal } from '@/lib/hidden-characters';
import { realHosts } from '@/lib/look-alike';
import { cn } from '@/lib/cn';

const MARK = 'mx-px rounded-sm bg-caution-wash px-1 text-xs text-caution outline outline-caution/40';

interface RevealedProps {
  text: string;
  care: Care;
}

function Revealed({ text, care }: RevealedProps) {
  return (
    <>
      {reveal(text, care).map((piece, index) =>
        piece.hidden ? (
          // eslint-disable-next-line react/no-array-index-key
          <mark key={index} title={piece.hidden} className={MARK}>
            {piece.text}
          </mark>
        ) : (
          piece.text
        ),
      )}
      {realHosts(text).map((host) => (
        <mark key={host} title="the address this really is" className={MARK}>
          {host}
        </mark>
      ))}
    </>
  );
}

/** Text exactly as it is: it cannot reorder what stands around it, and hidden or look-alike characters are drawn. */
export function ExactText({ text }: { text: string }) {
  return (
    <bdi dir="ltr" className="wrap-anywhere whitespace-pre-wrap">
      <Revealed text={text} care="exact" />
    </bdi>
  );
}

/** Somebody's words on the page's own lines: they keep their direction and cannot hide or reorder anything. */
export function Words({ text, className }: { text: string; className?: string }) {
  return (
    <bdi className={cn('wrap-anywhere', className)}>
      <Revealed text={text} care="prose" />
    </bdi>
  );
}
