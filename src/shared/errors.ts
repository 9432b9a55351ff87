/** Every error code of the wire contract, with its HTTP status and whether the same request may succeed later. */
export const ERROR_CODES = {
  bad_request: { status: 400, retryable: false },
  unauthorized: { status: 401, retryable: false },
  forbidden: { status: 403, retryable: false },
  not_found: { status: 404, retryable: false },
  conflict: { status: 409, retryable: false },
  session_conflict: { status: 409, retryable: false },
  too_large: { status: 413, retryable: false },
  rate_limited: { status: 429, retryable: true },
  unavailable: { status: 503, retryable: true },
  internal: { status: 500, retryable: false },
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** One field that is not as it must be. The value itself is never repeated. */
export interface FieldProblem {
  field: string;
  problem: string;
}

/** The error object of the wire contract, over Socket.IO and inside a REST problem document. */
export interface ErrorBody {
  code: ErrorCode;
  message: string;
  retryable: boolean;
  retryAfterMs?: number;
  details?: FieldProblem[];
}

interface ErrorExtras {
  details?: FieldProblem[];
  retryAfterMs?: number;
  /** What went wrong underneath: for the log, never for the client. */
  cause?: unknown;
}

/** An error that a client may see as it is. Anything else that is thrown becomes `internal`. */
export class BeelineError extends Error {
  override readonly name = 'BeelineError';
  readonly details?: FieldProblem[];
  readonly retryAfterMs?: number;

  constructor(
    readonly code: ErrorCode,
    message: string,
    extras: ErrorExtras = {},
  ) {
    super(message, extras.cause === undefined ? undefined : { cause: extras.cause });
    if (extras.details !== undefined) this.details = extras.details;
    if (extras.retryAfterMs !== undefined) this.retryAfterMs = extras.retryAfterMs;
  }

  get retryable(): boolean {
    return ERROR_CODES[this.code].retryable;
  }

  get status(): number {
    return ERROR_CODES[this.code].status;
  }

  toBody(): ErrorBody {
    return {
      code: this.code,
      message: this.message,
      retryable: this.retryable,
      ...(this.retryAfterMs === undefined ? {} : { retryAfterMs: this.retryAfterMs }),
      ...(this.details === undefined ? {} : { details: this.details }),
    };
  }
}

export function badRequest(details: FieldProblem[]): BeelineError {
  const fields = details.map(({ field, problem }) => `${field} ${problem}`).join('; ');
  return new BeelineError('bad_request', fields, { details });
}

/** `unavailable`, for the store's sake. */
export class StoreUnavailable extends BeelineError {
  constructor(cause: unknown) {
    super('unavailable', 'the store cannot be reached; try again with the same clientId', { cause });
  }
}

/** The store cannot be reached or did not answer in time. */
export function unavailable(cause?: unknown): StoreUnavailable {
  return new StoreUnavailable(cause);
}

/** What a client is told of any error: its own words where they are meant for it, nothing of ours otherwise. */
export function toClientError(error: unknown): BeelineError {
  return error instanceof BeelineError
    ? error
    : new BeelineError('internal', 'something went wrong on our side', { cause: error });
}

/** Why this process can't be started, in one line for whoever starts it: no stack is of use to them. */
export class StartError extends Error {
  override readonly name: string = 'StartError';
}

/** The `code` that Node and native libraries give their errors, `ENOENT` and the like. */
export function codeOf(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : undefined;
}
