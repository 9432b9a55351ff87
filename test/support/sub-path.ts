import { createServer, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';

export interface SubPath {
  /** Ends in a slash. */
  url: string;
  close(): Promise<void>;
}

/**
 * A site that gives a node one path of its own, as a proxy does that strips the path. Everything else of the site is
 * not the node's: 404.
 */
export async function serveUnder(path: `/${string}/`, nodeUrl: string): Promise<SubPath> {
  const node = new URL(nodeUrl);
  const inner = ({ url = '/' }: IncomingMessage): string | undefined =>
    url.startsWith(path) ? url.slice(path.length - 1) : undefined;
  const server = createServer((incoming, outgoing) => {
    const target = inner(incoming);
    if (target === undefined) return void outgoing.writeHead(404).end();
    const { method, headers } = incoming;
    const forwarded = request(new URL(target, node), { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  server.on('upgrade', (incoming, socket, head) => {
    const target = inner(incoming);
    if (target === undefined) return socket.destroy();
    const upstream = connect(Number(node.port), node.hostname);
    const lines = [`GET ${target} HTTP/1.1`];
    for (let at = 0; at < incoming.rawHeaders.length; at += 2)
      lines.push(`${incoming.rawHeaders[at]}: ${incoming.rawHeaders[at + 1]}`);
    upstream.write(`${lines.join('\r\n')}\r\n\r\n`);
    upstream.write(head);
    upstream.pipe(socket).pipe(upstream);
    upstream.on('error', () => socket.destroy());
    socket.on('error', () => upstream.destroy());
    socket.on('close', () => upstream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${path}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
