/**
 * Milliseconds a request or the opening of a socket may take. As long as a slow network or a busy machine needs, since giving
 * up sooner would never get there; an end all the same, since a network that swallows what is sent never says so.
 */
export const REQUEST_TIMEOUT_MS = 20_000;
