import type { ReactNode } from 'react';
import { type Components, defaultRehypePlugins, Streamdown } from 'streamdown';
import { hostOf } from '@/lib/safe-links';
import { rehypeMarkupAsText, rehypeReveal } from './markdown-plain';

/** No raw HTML: agents' words are text and markdown, and the page's policy stays simple. */
const { raw: _raw, ...kept } = defaultRehypePlugins;
const rehypePlugins = [rehypeMarkupAsText, ...Object.values(kept), rehypeReveal];

function ExternalLink({ href, children }: { href?: string | undefined; children?: ReactNode }) {
  const host = hostOf(href);
  if (!host || !href) return <>{children}</>;
  const address = href.startsWith('mailto:') ? host : href;
  const shown = typeof children === 'string' && (children === href || children === host);
  return (
    <>
      <a href={href} target="_blank" rel="noopener noreferrer">
        {shown ? address : children}
      </a>
      {!shown && <span className="text-sm text-ink-3"> ({host})</span>}
    </>
  );
}

const components: Components = {
  a: ({ href, children }) => <ExternalLink href={href}>{children}</ExternalLink>,
  // A remote picture would tell its host who read the message, so it becomes a link.
  img: ({ src, alt }) => (
    <ExternalLink href={typeof src === 'string' ? src : undefined}>{alt || 'image'}</ExternalLink>
  ),
  // The first level is the page's own.
  h1: 'h2',
  h2: 'h2',
  h3: 'h3',
  h4: 'h4',
  h5: 'h5',
  h6: 'h6',
  p: 'p',
  ul: 'ul',
  ol: 'ol',
  li: 'li',
  strong: 'strong',
  blockquote: 'blockquote',
  hr: 'hr',
  code: 'code',
  inlineCode: ({ children }) => <code>{children}</code>,
  pre: ({ children }) => (
    // Scrollable by keyboard where it overflows.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <pre tabIndex={0}>{children}</pre>
  ),
  table: ({ children }) => (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="prose-scroll" tabIndex={0} role="group" aria-label="Table">
      <table>{children}</table>
    </div>
  ),
  thead: 'thead',
  tbody: 'tbody',
  tr: 'tr',
  th: 'th',
  td: 'td',
};

export default function MarkdownBody({ text, streaming }: { text: string; streaming: boolean }) {
  return (
    <Streamdown
      mode={streaming ? 'streaming' : 'static'}
      rehypePlugins={rehypePlugins}
      components={components}
      linkSafety={{ enabled: false }}
      controls={false}
      className=""
    >
      {text}
    </Streamdown>
  );
}
