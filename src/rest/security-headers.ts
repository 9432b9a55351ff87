import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { RequestHandler } from 'express';
import helmet from 'helmet';

const INLINE_SCRIPT = /<script(?![^>]*\bsrc=)[^>]*>([\s\S]*?)<\/script>/g;

type Directives = Record<string, string[]>;

/**
 * Headers that make browsers careful, on everything that Express answers. `pageFile` is the page at `/`, whose inline
 * scripts (an import map can't stand elsewhere) are the only ones allowed; `/docs` has Swagger UI's own needs.
 */
export function securityHeaders(pageFile: string): RequestHandler {
  const page = headersWith(policyOfPage(readFileSync(pageFile, 'utf8')));
  const docs = headersWith(POLICY_OF_DOCS);
  return (request, response, next) =>
    /^\/docs(\/|$)/.test(request.path) ? docs(request, response, next) : page(request, response, next);
}

/** What holds everywhere. `'self'` takes in `ws:` and `wss:` to the page's own host (CSP 3, section 6.7.2.8). */
const STRICT: Directives = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'"],
  'img-src': ["'self'"],
  'connect-src': ["'self'"],
  'base-uri': ["'none'"],
  'form-action': ["'self'"],
  'frame-ancestors': ["'none'"],
};

function policyOfPage(html: string): Directives {
  const hashes = [...html.matchAll(INLINE_SCRIPT)].map(
    ([, script = '']) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`,
  );
  return { ...STRICT, 'script-src': ["'self'", ...hashes] };
}

/** Swagger UI writes styles into its elements, and has its icons as data. */
const POLICY_OF_DOCS: Directives = {
  ...STRICT,
  'style-src': ["'self'", "'unsafe-inline'"],
  'img-src': ["'self'", 'data:'],
};

function headersWith(directives: Directives): RequestHandler {
  return helmet({
    // No `upgrade-insecure-requests`: a node speaks plain HTTP, and is used so in development and behind a proxy.
    contentSecurityPolicy: { useDefaults: false, directives },
    // Only who ends TLS can promise it for this host name, and take the promise back: the proxy.
    strictTransportSecurity: false,
    // Both mean nothing over plain HTTP, where browsers complain of them, and there is no window of ours to part.
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
    xFrameOptions: { action: 'deny' },
  });
}
