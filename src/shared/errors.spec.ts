import { badRequest, BeelineError, ERROR_CODES, type ErrorCode, toClientError, unavailable } from './errors';

describe('errors', () => {
  it.each(Object.keys(ERROR_CODES) as ErrorCode[])('%s says what the contract says', (code) => {
    const { status, retryable } = ERROR_CODES[code];
    const error = new BeelineError(code, 'why');
    expect(error.status).toBe(status);
    expect(error.toBody()).toEqual({ code, message: 'why', retryable });
  });

  it('carry what a client can use, and keep the cause to themselves', () => {
    const error = new BeelineError('rate_limited', 'slowly', { retryAfterMs: 5, cause: new Error('secret') });
    expect(error.toBody()).toEqual({
      code: 'rate_limited',
      message: 'slowly',
      retryable: true,
      retryAfterMs: 5,
    });
    expect((error.cause as Error).message).toBe('secret');
    expect(JSON.stringify(unavailable(new Error('secret')).toBody())).not.toContain('secret');
  });

  it('of anything else are internal, and tell nothing', () => {
    for (const thrown of [new Error('secret'), 'secret', undefined, { message: 'secret' }]) {
      const body = toClientError(thrown).toBody();
      expect(body.code).toBe('internal');
      expect(JSON.stringify(body)).not.toContain('secret');
    }
    const own = badRequest([{ field: 'to', problem: 'is missing' }]);
    expect(toClientError(own)).toBe(own);
  });
});
