import { render, screen } from '@testing-library/react';
import { expect, test } from 'vitest';
import MarkdownBody from './markdown-body';

const show = (text: string) => render(<MarkdownBody text={text} streaming={false} />).container;

test('links leave in their own tab and show where they lead', () => {
  show('[the invoice](https://bank.example.org/1)');
  const link = screen.getByRole('link', { name: 'the invoice' });
  expect(link).toHaveAttribute('rel', 'noopener noreferrer');
  expect(link.parentElement).toHaveTextContent('the invoice (bank.example.org)');
});

test('pictures are links, so that nothing is loaded from elsewhere', () => {
  const page = show('![a chart](https://tracker.example/p.png)');
  expect(page.querySelector('img')).toBeNull();
  expect(screen.getByRole('link', { name: 'a chart' })).toBeVisible();
});

test('scripts and raw HTML stay the text they are', () => {
  const written = '<b onclick="x()">hi</b> <script>alert(1)</script> <!-- unseen -->';
  const page = show(`${written} [x](javascript:alert(1))\n\n<style>body { display: none }</style>`);
  expect(page.querySelector('script, style, b, [onclick]')).toBeNull();
  expect(page.querySelector('a')).toBeNull();
  expect(page).toHaveTextContent(written);
  expect(page).toHaveTextContent('body { display: none }');
});

test('hidden characters, look-alike letters and disguised hosts are drawn', () => {
  show('pay\u202e to `p\u0430y` at https://p\u0430y.com');
  expect(screen.getByTitle('right-to-left override')).toHaveTextContent('U+202E');
  expect(screen.getAllByTitle('Cyrillic letter that looks like a Latin one').length).toBeGreaterThan(1);
  expect(screen.getByTitle('the address this really is')).toHaveTextContent('xn--py-7kc.com');
});

test('headings stay below the one of the page', () => {
  show('# Title');
  expect(screen.getByRole('heading', { level: 2, name: 'Title' })).toBeVisible();
});
