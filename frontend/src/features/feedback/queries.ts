import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { api, unwrap } from '@/api/client';
import { keys } from '@/api/keys';
import { isStatus, Problem } from '@/api/problem';
import type { ChannelType, FeedbackRequest, RequestMail } from '@/api/types';
import { jsonText } from '@/lib/exact-json';
import { newId } from '@/lib/ids';
import { newerRequest } from '@/live/apply-event';
import type { Answer } from './model';

/** A decision, or a change, that came to be known while this was being read is not taken back by it. */
export function requestQuery(id: string) {
  const queryKey = keys.request(id);
  return queryOptions({
    queryKey,
    queryFn: async ({ client }) => {
      const params = { path: { request_id: id } };
      const read = await unwrap(api.GET('/api/feedback/{request_id}', { params }));
      const known = client.getQueryData<FeedbackRequest>(queryKey);
      return known ? newerRequest(read, known) : read;
    },
  });
}

/** The mails that came about it, oldest first. The socket says when one came; what decided is there with the decision. */
export function mailsQuery({ id, version }: FeedbackRequest) {
  return queryOptions({
    queryKey: [...keys.mails(id), version],
    queryFn: async () =>
      (await unwrap(api.GET('/api/feedback/{request_id}/mails', { params: { path: { request_id: id } } })))
        .items as RequestMail[],
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** The request another answer left behind, when a refusal carries it. */
function requestIn(error: unknown): FeedbackRequest | undefined {
  return error instanceof Problem && error.status === 409
    ? (error.body.request as FeedbackRequest | undefined)
    : undefined;
}

/**
 * Answers by HTTP. One idempotency key belongs to one answer and stays with it through every retry, so a lost reply
 * can never become a second decision; other words get another key.
 */
export function useAnswer(request: FeedbackRequest | undefined) {
  const cache = useQueryClient();
  const chain = useRef<{ body: string; key: string } | undefined>(undefined);
  return useMutation({
    networkMode: 'always',
    mutationFn: async (answer: Answer) => {
      if (!request) throw new Error('There is nothing to answer.');
      const body = { ...answer, version: request.version };
      const text = jsonText([request.id, body]);
      if (chain.current?.body !== text) chain.current = { body: text, key: newId() };
      return await unwrap(
        api.POST('/api/feedback/{request_id}/answer', {
          params: { path: { request_id: request.id }, header: { 'Idempotency-Key': chain.current.key } },
          body,
        }),
      );
    },
    onSuccess: (settled) => cache.setQueryData(keys.request(settled.id), settled),
    onError: (error) => {
      if (!request) return;
      const current = requestIn(error);
      if (current) cache.setQueryData(keys.request(request.id), current);
      else if (error instanceof Problem && error.status === 409) {
        void cache.invalidateQueries({ queryKey: keys.request(request.id) });
      }
    },
  });
}

/** Asks an open request again: on a channel of the reader's choice, or along the same way when none is named. */
export function useAskAgain(requestId: string, onAsked: (channel: ChannelType | undefined) => void) {
  const cache = useQueryClient();
  const params = { path: { request_id: requestId } };
  return useMutation({
    networkMode: 'always',
    mutationFn: (channel: ChannelType | undefined) =>
      unwrap(
        channel
          ? api.POST('/api/feedback/{request_id}/reroute', { params, body: { channel } })
          : api.POST('/api/feedback/{request_id}/retry', { params }),
      ),
    // Here, and not where it is called: the live event may have taken the button away by now.
    onSuccess: (request, channel) => {
      onAsked(channel);
      cache.setQueryData(keys.request(requestId), request);
      // Its copies may have moved on while the reply was on its way.
      void cache.invalidateQueries({ queryKey: keys.request(requestId) });
    },
    onError: (error) => {
      // It was decided, or has arrived meanwhile: then that is what to show.
      if (isStatus(error, 409)) void cache.invalidateQueries({ queryKey: keys.request(requestId) });
    },
  });
}
