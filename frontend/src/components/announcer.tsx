import { useStore } from '@/hooks/use-store';
import { announcements, type Said } from '@/lib/announcements';

function Region({ said, role }: { said: Said; role: 'status' | 'alert' }) {
  return (
    <div role={role} data-slot="announcer" className="sr-only">
      <span key={said.turn}>{said.text}</span>
    </div>
  );
}

/** Both regions are on the page from the first paint: a region that arrives with its text is often not read. */
export function Announcer() {
  return (
    <>
      <Region said={useStore(announcements.polite)} role="status" />
      <Region said={useStore(announcements.alert)} role="alert" />
    </>
  );
}
