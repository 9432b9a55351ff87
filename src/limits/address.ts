import type { IncomingMessage } from 'node:http';
import { isIP, isIPv4 } from 'node:net';

type Asking = Pick<IncomingMessage, 'headers'> & { socket: { remoteAddress?: string | undefined } };

/**
 * Where a request comes from, as the owner of a rate: an IPv4 address, or the /64 that one subscriber of IPv6 has.
 * Each proxy adds to `X-Forwarded-For` whom it was talking to, so the entry that the outermost of `trustedProxies` made
 * is the client's; what stands before it is the client's own word, and is not read. For REST and Socket.IO alike,
 * which is why it is not Express's `req.ip`; and that one may be any text, which must not get into a key.
 */
export function addressOf({ headers, socket }: Asking, trustedProxies: number): string {
  const own = socket.remoteAddress ?? '';
  const forwarded = [headers['x-forwarded-for'] ?? []].flat().join(',').split(',');
  const hops = [...forwarded.map(withoutPort).filter((hop) => hop !== ''), own];
  const claimed = hops.at(-1 - trustedProxies) ?? hops[0] ?? '';
  return networkOf(isIP(claimed) === 0 ? own : claimed);
}

/** Some proxies write `1.2.3.4:5678` or `[2001:db8::1]:5678`. */
function withoutPort(hop: string): string {
  const text = hop.trim();
  return /^\[(.*)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
}

const GROUPS = 8;
const GROUPS_OF_NETWORK = 4;
const GROUPS_OF_SITE = 3;

/**
 * The /48 of an address that `addressOf` gave, where it is of IPv6: who is given one has 65,536 addresses of that kind.
 * Of IPv4 the address itself.
 */
export function siteOf(address: string): string {
  if (!address.endsWith('::')) return address;
  return `${address.slice(0, -2).split(':').slice(0, GROUPS_OF_SITE).join(':')}::`;
}

function networkOf(address: string): string {
  if (isIPv4(address)) return address;
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (isIP(address) === 0) return 'unknown';
  const [head = '', tail] = address.toLowerCase().replace(/%.*$/, '').split('::');
  const groups = head.split(':').filter((group) => group !== '');
  const missing = tail === undefined ? 0 : GROUPS - groups.length - countGroups(tail);
  const network = [...groups, ...Array.from({ length: missing }, () => '0'), ...(tail ?? '').split(':')];
  return `${network
    .slice(0, GROUPS_OF_NETWORK)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::`;
}

/** An IPv4 address at the end stands for two. */
function countGroups(tail: string): number {
  return tail === '' ? 0 : tail.split(':').length + (tail.includes('.') ? 1 : 0);
}
