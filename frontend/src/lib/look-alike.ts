/** Words of letters and digits: what a reader takes in at one glance. */
const WORD = /[\p{L}\p{M}\p{N}]+/gu;
const LATIN = /\p{Script=Latin}/u;
const SCRIPTS: [string, RegExp][] = [
  ['Cyrillic', /\p{Script=Cyrillic}/u],
  ['Greek', /\p{Script=Greek}/u],
  ['Armenian', /\p{Script=Armenian}/u],
  ['Cherokee', /\p{Script=Cherokee}/u],
  ['Coptic', /\p{Script=Coptic}/u],
  ['Lisu', /\p{Script=Lisu}/u],
];
/** Drawn as a Latin letter in common typefaces. */
const TWINS = new Set('аеорсухіјѕһԁԛԝАВЕКМНОРСТУХІЈЅΑΒΕΖΗΙΚΜΝΟΡΤΥΧονօհոսԱՍՕ');

function scriptOf(character: string): string | undefined {
  return SCRIPTS.find(([, letters]) => letters.test(character))?.[0];
}

function foreign(word: string, start: number): [number, string][] {
  const found: [number, string][] = [];
  let at = start;
  for (const character of word) {
    const script = scriptOf(character);
    if (script) found.push([at, script]);
    at += character.length;
  }
  return found;
}

/**
 * Where letters of another script pretend to be Latin, by position: those in a word that also has Latin letters, and
 * whole words of Latin twins in a text that has no other letter of their script.
 */
export function looksLike(text: string): Map<number, string> {
  const marked = new Map<number, string>();
  if (!SCRIPTS.some(([, letters]) => letters.test(text))) return marked;
  const genuine = Array.from(text).some((character) => scriptOf(character) && !TWINS.has(character));
  for (const { 0: word, index } of text.matchAll(WORD)) {
    if (!LATIN.test(word) && genuine) continue;
    for (const [at, script] of foreign(word, index)) marked.set(at, script);
  }
  return marked;
}

const ADDRESS = /(?<=:\/\/(?:[^\s/?#@]*@)?|[\w.+-]@)[^\s/?#@:,;<>()[\]"'`]+/gu;

/** The hosts in a text as the network knows them, where that is not how they are written. */
export function realHosts(text: string): string[] {
  const hosts = new Set<string>();
  for (const [written] of text.matchAll(ADDRESS)) {
    // oxlint-disable-next-line no-control-regex
    if (/^[\u0000-\u007f]*$/.test(written) || !URL.canParse(`http://${written}`)) continue;
    const real = new URL(`http://${written}`).hostname;
    if (real !== written.toLowerCase()) hosts.add(real);
  }
  return [...hosts];
}
