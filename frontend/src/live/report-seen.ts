/** Requests somebody looked at here while nothing could be said. */
const untold = new Set<string>();
let tell: (requestId: string) => boolean = () => false;

/** Somebody has the request on screen. Without a connection it is said as soon as there is one. */
export function reportSeen(requestId: string): void {
  if (!tell(requestId)) untold.add(requestId);
}

/** From now on `next` says it; false: it could not. */
export function setSeenReporter(next: (requestId: string) => boolean): void {
  tell = next;
  for (const id of untold) if (tell(id)) untold.delete(id);
}
