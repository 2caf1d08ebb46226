/** The host a link really leads to, in punycode where it pretends with look-alike letters; undefined for no web link. */
export function hostOf(href: string | undefined): string | undefined {
  if (!href || !URL.canParse(href)) return undefined;
  const url = new URL(href);
  if (url.protocol === 'mailto:') return url.pathname;
  return url.protocol === 'https:' || url.protocol === 'http:' ? url.host : undefined;
}

/** A path on this site, or the fallback: a link that signs somebody in must never lead elsewhere afterwards. */
export function ownPath(next: string | null, fallback: string, origin = window.location.origin): string {
  if (!next?.startsWith('/') || !URL.canParse(next, origin)) return fallback;
  const url = new URL(next, origin);
  if (url.origin !== origin || url.pathname === '/sign-in') return fallback;
  return url.pathname + url.search + url.hash;
}
