import { createStore } from '@/lib/store';

/** True while the server works without its queue: slower, with nothing lost. */
export const queueDegraded = createStore(false);
