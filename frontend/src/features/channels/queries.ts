import {
  queryOptions,
  useMutation,
  useMutationState,
  useQuery,
  useQueryClient,
  type UseQueryResult,
} from '@tanstack/react-query';
import { api, unwrap } from '@/api/client';
import { keys } from '@/api/keys';
import type { Channel, ChannelType, Session } from '@/api/types';
import { patchSession } from '@/live/apply-event';
import { arranged, isSessionChoice, type SessionChoice, type Wish } from './model';

const ORDERING = ['channels', 'order'];

/** The socket says when they change. */
const channelsQuery = queryOptions({
  queryKey: keys.channels,
  queryFn: async () => (await unwrap(api.GET('/api/channels'))).items as Channel[],
  staleTime: Number.POSITIVE_INFINITY,
});

/** The person's channels in their order, a change on its way to the server already made. */
export function useChannels(enabled = true): UseQueryResult<Channel[]> & { shown: Channel[] | undefined } {
  const channels = useQuery({ ...channelsQuery, enabled });
  const wanted = useMutationState({
    filters: { mutationKey: ORDERING, status: 'pending' },
    select: ({ state }) => state.variables as Wish[],
  }).at(-1);
  const shown = channels.data && (wanted ? arranged(channels.data, wanted) : channels.data);
  return { ...channels, shown };
}

/** Keeps an order, one after the other. What the server refuses is shown as it was before. */
export function useOrder() {
  const cache = useQueryClient();
  return useMutation({
    mutationKey: ORDERING,
    scope: { id: 'channels' },
    networkMode: 'always',
    mutationFn: (items: Wish[]) => unwrap(api.PUT('/api/channels', { body: { items } })),
    onSuccess: ({ items }) => cache.setQueryData(keys.channels, items),
  });
}

/** Asks the person a harmless question on one channel alone. */
export function useTest(type: ChannelType) {
  return useMutation({
    networkMode: 'always',
    mutationFn: () => unwrap(api.POST('/api/channels/{type}/test', { params: { path: { type } } })),
  });
}

export function useUnlink(type: ChannelType, onUnlinked: () => void) {
  const cache = useQueryClient();
  return useMutation({
    networkMode: 'always',
    mutationFn: () => unwrap(api.DELETE('/api/channels/{type}', { params: { path: { type } } })),
    // Here, and not where it is called: the list without the channel may have taken the dialog away by then.
    onSuccess: async () => {
      await cache.invalidateQueries({ queryKey: keys.channels });
      onUnlinked();
    },
  });
}

/** Leaves for the provider, where the person proves which account is theirs; it sends them back here. */
export function useSignIn(provider: 'slack' | 'google') {
  return useMutation({
    networkMode: 'always',
    mutationFn: () => unwrap(api.POST('/api/auth/{provider}/start', { params: { path: { provider } } })),
    onSuccess: ({ url }) => window.location.assign(url),
  });
}

/** Leaves for the provider, where an administrator lets Assent into a workspace or a mailbox. */
export function useInstall(type: 'slack' | 'email') {
  return useMutation({
    networkMode: 'always',
    mutationFn: () => unwrap(api.POST('/api/channels/{type}/install', { params: { path: { type } } })),
    onSuccess: ({ url }) => window.location.assign(url),
  });
}

/** A code that links whoever sends it to the bot. */
export function useLinkCode() {
  return useMutation({
    networkMode: 'always',
    mutationFn: () => unwrap(api.POST('/api/channels/slack/link')),
  });
}

/** Writes to an address; the code links it when it comes back from there. */
export function useLinkAddress() {
  return useMutation({
    networkMode: 'always',
    mutationFn: (address: string) => unwrap(api.POST('/api/channels/email/link', { body: { address } })),
  });
}

/** Moves one session to a channel; `chosen` is where it is asked, a change on its way already made. */
export function useMoveSession({ id, channel }: Session) {
  const cache = useQueryClient();
  const move = useMutation({
    networkMode: 'always',
    mutationFn: (next: SessionChoice) =>
      unwrap(
        api.PATCH('/api/sessions/{session_id}', {
          params: { path: { session_id: id } },
          body: { channel: next },
        }),
      ),
    onSuccess: (session) => void patchSession(cache, id, { channel: null, ...session }),
  });
  const kept = channel && isSessionChoice(channel) ? channel : 'auto';
  return { ...move, chosen: move.isPending ? move.variables : kept };
}
