import { ErrorNotice } from '@/components/error-notice';
import { Button } from '@/components/ui/button';
import { useLinkCode, useSignIn } from '../queries';
import { LinkCode } from './link-code';

/**
 * Ties a Slack account to the person: by signing in to Slack where the server offers it, or by a code they send from
 * there, upon which the row turns to linked by itself.
 */
export function LinkSlack({ signIn }: { signIn: boolean }) {
  const code = useLinkCode();
  const start = useSignIn('slack');
  return (
    <div className="grid justify-items-start gap-3">
      {code.data ? (
        <LinkCode
          key={code.data.code}
          label="Link Slack with a code"
          how="Send Assent these words in a direct message in Slack:"
          code={code.data.code}
          until={code.data.expires_at}
          onRenew={() => code.mutate()}
        />
      ) : (
        <div className="flex flex-wrap gap-2">
          {signIn && (
            <Button variant="primary" aria-busy={start.isPending} onClick={() => start.mutate()}>
              Connect Slack
            </Button>
          )}
          <Button aria-busy={code.isPending} onClick={() => !code.isPending && code.mutate()}>
            Link with a code
          </Button>
        </div>
      )}
      {start.error && <ErrorNotice error={start.error} />}
      {code.error && <ErrorNotice error={code.error} />}
    </div>
  );
}
