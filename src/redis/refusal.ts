/** No right to a command, or a server or proxy that does not have it: asking again changes nothing. */
const REFUSAL = /^(NOPERM|ERR unknown (sub)?command)/i;

export function isRefusal(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError' && REFUSAL.test(error.message);
}
