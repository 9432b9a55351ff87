/** Where this page is served: under a path of its own perhaps, as behind a proxy that gives Beeline a part of a site. */

/** Ends in a slash: what the server answers lies below it. */
export const BASE = new URL('.', document.baseURI);

/** Storage belongs to a host: two Beelines on one host, under two paths, keep apart what they remember. */
export const STORAGE_PREFIX = BASE.pathname === '/' ? 'beeline' : `beeline ${BASE.pathname}`;
