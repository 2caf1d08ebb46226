import { ErrorNotice } from '@/components/error-notice';
import { Words } from '@/components/exact-text';
import { Button } from '@/components/ui/button';
import { Disclosure } from '@/components/ui/disclosure';
import type { Mailbox } from '@/api/types';
import { useInstall } from '../queries';

/** For an administrator: the mailboxes the agent writes from, without which nobody can be asked by email. */
export function Mailboxes({ mailboxes }: { mailboxes: Mailbox[] }) {
  const lost = mailboxes.some(({ status }) => status === 'disconnected');
  return (
    <section aria-label="The agent's mailbox" className="grid gap-3 border-t border-rule pt-3">
      {mailboxes.length > 0 && (
        <ul className="grid gap-1">
          {mailboxes.map((mailbox) => (
            <Line key={mailbox.account} mailbox={mailbox} />
          ))}
        </ul>
      )}
      {mailboxes.length === 0 ? (
        <Connect label="Connect the agent's mailbox" />
      ) : lost ? (
        <Connect label="Connect the mailbox again" />
      ) : (
        <Disclosure summary="Add another mailbox">
          <Connect label="Connect another mailbox" />
        </Disclosure>
      )}
    </section>
  );
}

/** What Google will ask, in plain words, and the way there. */
function Connect({ label }: { label: string }) {
  const start = useInstall('email');
  return (
    <div className="grid justify-items-start gap-3">
      <div className="text-ink-2">
        <p>Sign in at Google with an account of the agent's own, not yours. Google asks you to let Assent</p>
        <ul className="list-disc pl-5">
          <li>send mail from there: questions, and what the agent says</li>
          <li>read the mail there: that is how it finds replies</li>
        </ul>
        <p>and nothing else: it cannot change or delete a mail.</p>
      </div>
      <Button aria-busy={start.isPending} onClick={() => !start.isPending && start.mutate()}>
        {label}
      </Button>
      {start.error && <ErrorNotice error={start.error} />}
    </div>
  );
}

function Line({ mailbox: { account, status, error } }: { mailbox: Mailbox }) {
  return (
    <li className="wrap-anywhere">
      The agent writes from <Words text={account} />.
      {status === 'disconnected' && (
        <span className="block text-danger">
          Not connected
          {error && (
            <>
              : <Words text={error} />
            </>
          )}
        </span>
      )}
    </li>
  );
}
