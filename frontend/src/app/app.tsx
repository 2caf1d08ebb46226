import { QueryClientProvider } from '@tanstack/react-query';
import { useEffect } from 'react';
import { RouterProvider } from 'react-router';
import { followOtherTabs, signIn } from '@/api/token';
import { Announcer } from '@/components/announcer';
import { forgetDrafts } from '@/lib/drafts';
import { createCache } from './cache';
import { router } from './router';

const cache = createCache();

/** Nothing of one person's stays for the next; what was typed outlives a sign-in that merely ended. */
function clearUp(): void {
  const state = signIn.get();
  if (state === 'out' || state === 'left') cache.clear();
  if (state === 'left') forgetDrafts();
}

export function App() {
  useEffect(() => followOtherTabs(), []);
  useEffect(() => signIn.subscribe(clearUp), []);
  return (
    <QueryClientProvider client={cache}>
      <Announcer />
      <RouterProvider router={router} />
    </QueryClientProvider>
  );
}
