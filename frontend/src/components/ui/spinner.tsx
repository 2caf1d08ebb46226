import { LoaderCircle } from 'lucide-react';

export function Spinner() {
  return <LoaderCircle aria-hidden data-slot="spinner" className="size-4 animate-spin" />;
}
