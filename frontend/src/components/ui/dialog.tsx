import { type ReactNode, useId, useLayoutEffect, useRef } from 'react';

interface DialogProps {
  title: string;
  /** Left out, the dialog cannot be dismissed. */
  onClose?: () => void;
  children: ReactNode;
}

/** The platform's modal dialog, open while mounted: focus trap, Escape and the inert page behind it come with it. */
export function Dialog({ title, onClose, children }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();

  // Closed before it leaves the page, so that the focus goes back to where it came from.
  useLayoutEffect(() => {
    const dialog = ref.current;
    if (dialog && !dialog.open) dialog.showModal();
    return () => dialog?.close();
  }, []);

  return (
    <dialog
      ref={ref}
      data-slot="dialog"
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
      className="m-auto w-[calc(100%-32px)] max-w-[440px] animate-settle rounded-md border border-rule bg-sheet p-6 text-ink shadow-float backdrop:bg-[rgb(20_17_14/0.45)]"
    >
      <h2 id={id} className="mb-2 text-lg font-semibold">
        {title}
      </h2>
      {children}
    </dialog>
  );
}
