/** A signature on its line. */
export function Mark({ className }: { className?: string }) {
  return (
    <svg aria-hidden viewBox="0 0 32 32" fill="none" className={className}>
      <line x1="4" y1="27" x2="28" y2="27" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />
      <path
        d="M6 20c4-1 8-13 11-13 2.5 0-2.5 13 .5 13 2 0 3-6 5-6s1 4 4 4"
        stroke="currentColor"
        strokeWidth="2.5"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
