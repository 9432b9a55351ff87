import { addressOf, siteOf } from './address';

const from = (remoteAddress: string | undefined, forwarded?: string | string[], trusted = 0): string =>
  addressOf(
    { headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }, socket: { remoteAddress } },
    trusted,
  );

describe('the address of a request', () => {
  it.each([
    ['an IPv4 address', '192.0.2.7', '192.0.2.7'],
    ['an IPv4 address on an IPv6 socket', '::ffff:192.0.2.7', '192.0.2.7'],
    ['an IPv6 address: its /64', '2001:db8:a:b:c:d:e:f', '2001:db8:a:b::'],
    ['one written short', '2001:DB8::1', '2001:db8:0:0::'],
    ['one with leading zeros', '2001:0db8:0000:000b::1', '2001:db8:0:b::'],
    ['one with an IPv4 end', '64:ff9b::192.0.2.7', '64:ff9b:0:0::'],
    ['the own machine', '::1', '0:0:0:0::'],
    ['a link-local one with its zone', 'fe80::1%eth0', 'fe80:0:0:0::'],
    ['a socket that has gone', undefined, 'unknown'],
  ])('is %s', (_what, remote, expected) => {
    expect(from(remote)).toBe(expected);
  });

  it.each([
    ['no proxy is trusted', 0, '198.51.100.1', '192.0.2.1'],
    ['one proxy tells it', 1, '198.51.100.1', '198.51.100.1'],
    ['the client has written something before', 1, '203.0.113.9, 198.51.100.1', '198.51.100.1'],
    ['two proxies tell it', 2, '203.0.113.9, 198.51.100.1, 192.0.2.2', '198.51.100.1'],
    ['there are fewer proxies than trusted', 3, '198.51.100.1', '198.51.100.1'],
    ['the proxy adds a port', 1, '198.51.100.1:4711', '198.51.100.1'],
    ['the proxy adds brackets and a port', 1, '[2001:db8::1]:4711', '2001:db8:0:0::'],
    ['what is told is no address', 1, '{evil}/x', '192.0.2.1'],
    ['what is told is empty', 1, ' , ', '192.0.2.1'],
  ])('where %s', (_what, trusted, forwarded, expected) => {
    expect(from('192.0.2.1', forwarded, trusted)).toBe(expected);
  });
});

describe('the site of an address', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['2001:db8:a:b::', '2001:db8:a::'],
    ['2001:db8:0:0::', '2001:db8:0::'],
    ['unknown', 'unknown'],
  ])('of %s is %s', (address, expected) => {
    expect(siteOf(address)).toBe(expected);
  });
});
