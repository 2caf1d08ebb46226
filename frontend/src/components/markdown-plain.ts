import { realHosts } from '@/lib/look-alike';
import { reveal } from '@/lib/hidden-characters';

interface Node {
  type: string;
  value?: string;
  tagName?: string;
  properties?: Record<string, string>;
  children?: Node[];
}

/** Markup that an agent wrote is shown as it was written instead of being carried out or lost. */
export function rehypeMarkupAsText() {
  return function asText(node: Node): void {
    if (node.type === 'raw') node.type = 'text';
    for (const child of node.children ?? []) asText(child);
  };
}

function mark(text: string, title: string): Node {
  return {
    type: 'element',
    tagName: 'mark',
    properties: { title },
    children: [{ type: 'text', value: text }],
  };
}

function drawn(node: Node): Node[] {
  if (node.type !== 'text' || !node.value) return [node];
  const pieces = reveal(node.value, 'prose').map(({ text, hidden }) =>
    hidden ? mark(text, hidden) : { type: 'text', value: text },
  );
  return [...pieces, ...realHosts(node.value).map((host) => mark(host, 'the address this really is'))];
}

/** Hidden characters, look-alike letters and disguised hosts are drawn in running text, too. */
export function rehypeReveal() {
  return function draw(node: Node): void {
    if (!node.children) return;
    for (const child of node.children) draw(child);
    node.children = node.children.flatMap(drawn);
  };
}
