import type { Addressed } from './beeline-node';
import { expectDocumented } from './open-api';

export interface RestAnswer {
  status: number;
  type: string;
  body: Record<string, unknown>;
}

interface RestRequest {
  token?: string;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is. */
  text?: string;
  headers?: Record<string, string>;
}

/** One REST call, answered with its parsed JSON. The answer is as the OpenAPI document says, or this throws. */
export async function rest(
  node: Addressed,
  method: string,
  path: string,
  { token, body, text, headers }: RestRequest = {},
): Promise<RestAnswer> {
  const payload = text ?? (body === undefined ? undefined : JSON.stringify(body));
  const response = await fetch(`${node.url}${path}`, {
    method,
    headers: {
      ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(payload === undefined ? {} : { body: payload }),
  });
  const answer = await response.text();
  const type = response.headers.get('content-type') ?? '';
  // `/metrics` alone answers something else.
  const isJson = answer !== '' && !type.startsWith('text/plain');
  const parsed = {
    status: response.status,
    type,
    body: isJson ? (JSON.parse(answer) as Record<string, unknown>) : {},
  };
  expectDocumented(method, path, parsed);
  return parsed;
}
