import type { ReactNode } from 'react';
import { Markdown } from '@/components/markdown';
import { useStore } from '@/hooks/use-store';
import type { StreamingStore } from '@/live/streaming-store';
import { Turn } from './turn';

interface StreamingTurnProps {
  streaming: StreamingStore;
  /** The agent has started and nothing of its reply is here yet. */
  thinking: boolean;
  /** What the run has done so far. */
  steps: ReactNode;
}

/** The reply being written. Only this component re-renders while words come in. */
export function StreamingTurn({ streaming, thinking, steps }: StreamingTurnProps) {
  const reply = useStore(streaming.shown);
  if (reply && reply.text !== '') {
    return (
      <Turn name="Agent" margin="writing" busy>
        {steps}
        <Markdown text={reply.text} streaming />
      </Turn>
    );
  }
  if (!thinking) return null;
  return (
    <Turn name="Agent" margin="working" busy>
      {steps}
      <p className="animate-breathe text-ink-3">Thinking</p>
    </Turn>
  );
}
