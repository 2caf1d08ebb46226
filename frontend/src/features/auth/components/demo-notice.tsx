import { Disclosure } from '@/components/ui/disclosure';

/** Plain words about what answers, and how to change it. */
export function DemoNotice() {
  return (
    <Disclosure summary="This installation uses the demo model, which is not an AI.">
      <div className="mt-2 grid gap-2 border-l-2 border-rule pl-4 text-ink-2">
        <p>
          It is a small scripted program, so that everything can be tried without a key. To plug in a real
          model, set these where Assent is started, then restart it:
        </p>
        {/* Scrollable by keyboard where it overflows. */}
        {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
        <pre tabIndex={0} className="overflow-x-auto font-mono text-xs">
          {'ASSENT_LLM=openai\nASSENT_LLM_MODEL=…\nASSENT_LLM_API_KEY=…'}
        </pre>
        <p>
          Azure, Anthropic, Ollama, OpenRouter and any service with an OpenAI-compatible address work the same
          way.
        </p>
      </div>
    </Disclosure>
  );
}
