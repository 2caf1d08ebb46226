import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { defaultBodySerializer } from 'openapi-fetch';
import { api, unwrap } from '@/api/client';
import { keys } from '@/api/keys';
import { REQUEST_TIMEOUT_MS } from '@/api/request-timeout';
import { problemFrom } from '@/api/problem';
import { accept } from '@/api/token';
import type { Config } from '@/api/types';

export const configQuery = queryOptions({
  queryKey: keys.config,
  queryFn: async () => {
    const response = await fetch('/config.json', { signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
    if (!response.ok) throw problemFrom(response, undefined);
    return (await response.json()) as Config;
  },
  staleTime: Number.POSITIVE_INFINITY,
});

export const meQuery = queryOptions({
  queryKey: keys.me,
  queryFn: () => unwrap(api.GET('/api/auth/me')),
  staleTime: Number.POSITIVE_INFINITY,
});

export interface Credentials {
  email: string;
  password: string;
}

export async function signIn({ email, password }: Credentials): Promise<void> {
  const { access_token } = await unwrap(
    api.POST('/api/auth/token', {
      body: { username: email, password, cookie: true },
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      bodySerializer: defaultBodySerializer,
    }),
  );
  accept(access_token);
}

export function useSignIn() {
  return useMutation({ mutationFn: signIn });
}

/** Creates the account and signs in with it. */
export function useRegister() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: async (account: Credentials & { name: string; setup_code: string }) => {
      await unwrap(api.POST('/api/auth/register', { body: account }));
      await signIn(account);
    },
    onSettled: () => cache.invalidateQueries({ queryKey: keys.config }),
  });
}
