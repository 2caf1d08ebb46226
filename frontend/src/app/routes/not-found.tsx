import { Link } from 'react-router';
import { Button } from '@/components/ui/button';
import { EmptyState } from '@/components/ui/empty-state';

export function NotFound() {
  return (
    <div className="mx-auto grid h-full max-w-[440px] content-center p-6">
      <title>Not found · Assent</title>
      <h1 className="mb-2 text-xl font-semibold">There is nothing here</h1>
      <EmptyState
        action={
          <Button asChild>
            <Link to="/sessions">All sessions</Link>
          </Button>
        }
      >
        The address is wrong, or it belongs to somebody else.
      </EmptyState>
    </div>
  );
}
