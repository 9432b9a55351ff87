const OF_AN_APP = /^[a-z][a-z0-9+.-]*:\/\/[^\s/\\,?#@]*$/i;

/** An `Origin` in its one form; `undefined` where it is none. Apps have schemes that `URL` gives no origin. */
export function normalOrigin(text: string): string | undefined {
  if (text === 'null') return text;
  if (!/^https?:/i.test(text)) return OF_AN_APP.test(text) ? text.toLowerCase() : undefined;
  if (!URL.canParse(text)) return undefined;
  const { origin, href } = new URL(text);
  return href === `${origin}/` ? origin : undefined;
}

/**
 * Whether a page of that origin may use this node, over Socket.IO and REST alike: one of our own host, or one that is
 * listed. Who sends no `Origin` is no browser. For our own host the scheme is ignored, since TLS often ends before us.
 */
export function isOriginAllowed(
  { origin, host }: { origin?: string | undefined; host?: string | undefined },
  allowed: readonly string[],
): boolean {
  if (origin === undefined || allowed.includes('*')) return true;
  const from = normalOrigin(origin);
  if (from === undefined) return false;
  return allowed.includes(from) || (/^https?:/.test(from) && hostOf(from) === hostOf(`http://${host ?? ''}`));
}

function hostOf(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { hostname, port } = new URL(url);
  return port === '' || port === '80' || port === '443' ? hostname : `${hostname}:${port}`;
}

/** What a refused page's developer reads. */
export const ORIGIN_REFUSED =
  'pages of this origin may not connect: the operator can name it in CORS_ORIGINS';
