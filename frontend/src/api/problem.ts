export interface FieldError {
  field: string;
  message: string;
}

/** An answer that is not a success, as the server explained it. Everything a screen may show or copy. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly instance: string | undefined;
  readonly fields: FieldError[];
  readonly retryAfter: number | undefined;
  readonly body: Record<string, unknown>;

  constructor(status: number, body: Record<string, unknown>, retryAfter?: number) {
    super(text(body.detail) ?? text(body.error) ?? text(body.title) ?? fallback(status));
    this.name = 'Problem';
    this.status = status;
    this.code = text(body.code) ?? String(status);
    this.instance = text(body.instance);
    this.fields = Array.isArray(body.errors) ? body.errors.filter(isFieldError) : [];
    this.retryAfter = retryAfter;
    this.body = body;
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function isFieldError(value: unknown): value is FieldError {
  const entry = value as Partial<FieldError> | null;
  return typeof entry?.field === 'string' && typeof entry.message === 'string';
}

function fallback(status: number): string {
  return status >= 500
    ? 'The server had a problem. Nothing you wrote is lost; please try again.'
    : 'The server did not accept this.';
}

export function problemFrom(response: Response, body: unknown): Problem {
  const known = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  const seconds = Number(response.headers.get('Retry-After') ?? Number.NaN);
  return new Problem(response.status, known, Number.isFinite(seconds) ? seconds : undefined);
}

/** One sentence for a failure of any kind. */
export function explain(error: unknown): string {
  if (error instanceof Problem) return error.message;
  return 'The server could not be reached. Check the connection and try again.';
}

export function isStatus(error: unknown, status: number): error is Problem {
  return error instanceof Problem && error.status === status;
}
