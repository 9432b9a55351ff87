/** Where Chromium is, and how it is started for tests and pictures. */

/** Debian's package; anywhere else `CHROMIUM_PATH` says where it is. */
export function chromiumPath() {
  return process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
}

/** Without a sandbox: tests run as root in containers, and open nothing but their own page. */
export const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
