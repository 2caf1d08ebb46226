import type { QueryClient } from '@tanstack/react-query';
import { keys } from '@/api/keys';
import type { Config } from '@/api/types';
import { createStore } from '@/lib/store';

/** True once the server has a newer web app than the one that runs here. Loading it is the reader's to decide. */
export const newVersion = createStore(false);

/** The address of this page's own script, which holds its content's hash. */
function ownScript(): string | undefined {
  const script = document.querySelector<HTMLScriptElement>('script[type="module"][src]');
  return script ? new URL(script.src).pathname : undefined;
}

/** Asks the server, which may have been replaced while the connection was away, what it serves now. */
export async function lookForNewVersion(cache: QueryClient): Promise<void> {
  try {
    const [config, page] = await Promise.all([
      fetch('/config.json', { cache: 'no-store' }),
      fetch('/', { cache: 'no-store' }),
    ]);
    if (!config.ok || !page.ok) return;
    const { version } = (await config.json()) as Config;
    const known = cache.getQueryData<Config>(keys.config)?.version;
    const script = ownScript();
    const replaced = script !== undefined && !(await page.text()).includes(script);
    if (replaced || (known !== undefined && known !== version)) newVersion.set(true);
  } catch {
    // Out of reach again; the next connection asks once more.
  }
}
