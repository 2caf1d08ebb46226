import { describe, expect, test } from 'vitest';
import { fromPartial, merge } from './streaming';
import { StreamingStore } from './streaming-store';

const piece = (content: string, offset: number, attempt = 1) => ({
  content,
  event: 'delta' as const,
  offset,
  attempt,
  run_id: 'run1',
});

describe('merging pieces', () => {
  test('pieces follow one another by code points, not by UTF-16 units', () => {
    const first = merge(undefined, piece('a😀', 0)).streaming;
    expect(first.length).toBe(2);
    expect(merge(first, piece('b', 2)).streaming.text).toBe('a😀b');
  });

  test('a repeat changes nothing and an overlap adds only what is new', () => {
    const first = merge(undefined, piece('h😀llo', 0)).streaming;
    expect(merge(first, piece('😀l', 1)).streaming.text).toBe('h😀llo');
    expect(merge(first, piece('lo wor', 3)).streaming.text).toBe('h😀llo wor');
  });

  test('a piece beyond the end is a hole', () => {
    const first = merge(undefined, piece('ab', 0)).streaming;
    expect(merge(first, piece('d', 3))).toEqual({ streaming: first, hole: true });
  });

  test('a higher attempt starts over and the lower one is over', () => {
    const second = merge(merge(undefined, piece('old', 0)).streaming, piece('new', 0, 2)).streaming;
    expect(second.text).toBe('new');
    expect(merge(second, piece('late', 3, 1)).streaming).toBe(second);
  });

  test('a partial reply is continued', () => {
    const start = fromPartial({ run_id: 'run1', attempt: 1, content: 'ab' });
    expect(merge(start, piece('c', 2)).streaming.text).toBe('abc');
  });
});

describe('the store', () => {
  function manual() {
    let flush: (() => void) | undefined;
    let scheduled = 0;
    const store = new StreamingStore((run) => {
      scheduled += 1;
      flush = run;
    });
    return { store, flush: () => flush?.(), count: () => scheduled };
  }

  test('shows many pieces at once, one frame for all', () => {
    const { store, flush, count } = manual();
    store.add(piece('a', 0));
    store.add(piece('b', 1));
    expect(store.shown.get()).toBeUndefined();
    flush();
    expect(store.shown.get()?.text).toBe('ab');
    expect(count()).toBe(1);
  });

  test('ends with its own run only', () => {
    const { store, flush } = manual();
    store.add(piece('a', 0));
    flush();
    store.finish('another');
    expect(store.shown.get()?.text).toBe('a');
    store.finish('run1');
    expect(store.shown.get()).toBeUndefined();
  });

  test('a frame that was already scheduled does not bring finished text back', () => {
    const { store, flush } = manual();
    store.add(piece('a', 0));
    store.finish('run1');
    flush();
    expect(store.shown.get()).toBeUndefined();
  });
});
