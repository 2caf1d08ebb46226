import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import { DeadLetter } from '@/features/feedback/components/dead-letter';
import { PendingCard } from '@/features/feedback/components/pending-card';
import { SettledCard } from '@/features/feedback/components/settled-card';
import { kindLabel } from '@/features/feedback/model';
import { mailsQuery } from '@/features/feedback/queries';
import type { FeedbackRequest, FeedbackType } from '@/api/types';
import { slug, type RequestExample, requestExamples } from './request-examples';

const KINDS = Object.keys(kindLabel) as FeedbackType[];

/** Every kind of request card in every state, with made-up data: for those who work on the cards, and for their tests. */
export function Gallery() {
  const [params] = useSearchParams();
  const [all] = useState(requestExamples);
  const kinds = KINDS.filter((kind) => params.get('kind') === null || params.get('kind') === kind);
  return (
    <main className="mx-auto max-w-[824px] px-4 py-8 sm:px-6">
      <title>Gallery · Assent</title>
      <h1 className="text-xl font-semibold">Request cards</h1>
      <nav aria-label="Kinds" className="mt-2 flex flex-wrap gap-4 text-sm text-ink-2">
        {KINDS.map((kind) => (
          <Link key={kind} to={`?kind=${kind}`} reloadDocument className="py-1 underline">
            {kindLabel[kind]}
          </Link>
        ))}
      </nav>
      {kinds.map((kind) => (
        <section key={kind} aria-labelledby={kind}>
          <h2 id={kind} className="mt-10 border-b border-ink pb-1 text-lg font-semibold">
            {kindLabel[kind]}
          </h2>
          {all[kind].map((specimen) => (
            <Shown key={specimen.state} specimen={specimen} />
          ))}
        </section>
      ))}
    </main>
  );
}

function Shown({ specimen }: { specimen: RequestExample }) {
  const { state, request, press } = specimen;
  const box = usePressed(press);
  return (
    <div ref={box} data-specimen={`${request.type}-${slug(state)}`} className="pt-8">
      <h3 className="mb-2 text-sm font-medium text-ink-2">{state}</h3>
      <Card specimen={specimen} />
    </div>
  );
}

function Card({ specimen }: { specimen: RequestExample }) {
  const {
    request,
    mails = [],
    busy = false,
    error = null,
    updated = false,
    blocked,
    tooLate = false,
    unsent = '',
  } = specimen;
  const [draft, setDraft] = useState(specimen.draft);
  useQuery({ ...mailsQuery(request), initialData: mails });
  const title = useRef<HTMLHeadingElement>(null);
  const shared = { request, heading: 'h2', titleRef: title } as const;
  if (request.status !== 'pending') {
    return <SettledCard {...shared} tooLate={tooLate} unsent={unsent} onDiscard={() => undefined} />;
  }
  return (
    <PendingCard
      {...shared}
      draft={draft}
      onDraft={setDraft}
      onAnswer={() => undefined}
      busy={busy}
      error={error}
      onRetry={() => undefined}
      updated={updated}
      blocked={blocked}
      Lost={Lost}
    />
  );
}

function Lost(props: { request: FeedbackRequest; onAsked: () => void }) {
  return <DeadLetter {...props} places={['chat', 'slack', 'email']} />;
}

/** Presses the named buttons as soon as each is there. */
function usePressed(names: string[] = []) {
  const box = useRef<HTMLDivElement>(null);
  const left = useRef([...names]);
  useEffect(() => {
    function press() {
      const name = left.current[0];
      const buttons = [...(box.current?.querySelectorAll<HTMLElement>('button, summary') ?? [])];
      const button = name && buttons.find((each) => says(each, name));
      if (!button) return;
      left.current.shift();
      button.click();
    }
    const watch = new MutationObserver(press);
    if (box.current) watch.observe(box.current, { childList: true, subtree: true });
    press();
    return () => watch.disconnect();
  }, []);
  return box;
}

function says({ textContent, tagName }: HTMLElement, words: string): boolean {
  return tagName === 'SUMMARY' ? textContent.startsWith(words) : textContent === words;
}
