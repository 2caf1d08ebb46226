/** What went wrong when a part of the app could not be fetched, as the bundler's loader reports it in any browser. */
const lost = new WeakSet<object>();

export function watchForMissingChunks(): void {
  window.addEventListener('vite:preloadError', (event) => lost.add(event.payload));
}

/** Whether this error says that a part of the app is missing rather than broken. */
export function isMissingChunk(error: unknown): boolean {
  return typeof error === 'object' && error !== null && lost.has(error);
}
