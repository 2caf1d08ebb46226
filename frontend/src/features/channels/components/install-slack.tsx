import { ErrorNotice } from '@/components/error-notice';
import { Words } from '@/components/exact-text';
import { Button } from '@/components/ui/button';
import { useInstall } from '../queries';

/** For an administrator: lets Assent into a workspace, without which nobody there can be asked. */
export function InstallSlack({ workspaces }: { workspaces: string[] }) {
  const start = useInstall('slack');
  return (
    <div className="grid justify-items-start gap-3 border-t border-rule pt-3">
      <p className="wrap-anywhere text-ink-2">
        {workspaces.length > 0 ? (
          <>
            Installed in <Words text={workspaces.join(', ')} />.
          </>
        ) : (
          'Not installed in any workspace yet, so nobody can be asked in Slack.'
        )}
      </p>
      <Button aria-busy={start.isPending} onClick={() => !start.isPending && start.mutate()}>
        Install to a Slack workspace
      </Button>
      {start.error && <ErrorNotice error={start.error} />}
    </div>
  );
}
